// Looking: gathers what is on the host and in the cluster, and judges it. One thread.
#pragma once

#include <string>

#include "driver/docker/engine.h"
#include "driver/driver.h"
#include "driver/kubernetes/cluster_journal.h"
#include "driver/kubernetes/kubernetes_driver.h"
#include "driver/kubernetes/plan_steps.h"
#include "io/loop.h"

namespace farholm::driver::kubernetes {

// The container of a control-plane node that has joined and runs, through which the API can be asked; "".
std::string api_container(const ClusterJournal& journal, const Observed& observed);

// Only looks. An API that does not answer is no error. `with_registry_hosts`: also into the nodes that have
// joined, where their images come from; it is asked of each node, so only where it matters.
io::Task<Result<Observed>> observe_cluster(io::Loop& loop, docker::Engine& engine,
                                           const ClusterSettings& settings, const ClusterJournal& journal,
                                           bool with_registry_hosts);

// What HAProxy's container publishes at this moment, by the names that the plan gives it.
std::vector<SiteListener> listeners_of(const ClusterSettings& settings, const Observed& observed);

// Health when nothing is left to do: do all nodes that should be there report to the API?
Observation judge_nodes(const ClusterJournal& journal, const Observed& observed);

}  // namespace farholm::driver::kubernetes
