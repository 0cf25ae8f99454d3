// What runs inside a node's container to make it part of the cluster. Each script is given an archive for
// /etc/kubernetes on its standard input and may be cut off and run again: a lock keeps two of them apart
// (one may still be running when the agent was killed and came back), and a mark in the node's volume says
// that all was done. Pure; any thread.
#pragma once

#include <string>

namespace farholm::driver::kubernetes {

std::string init_script();         // kubeadm init
std::string join_worker_script();  // kubeadm join
// kubeadm join of a further control-plane node; `name` is the node's.
std::string join_control_plane_script(const std::string& name);

// Of a failed kubeadm, what a person needs to see of its output: its error lines, or the last ones.
std::string essence_of_failure(const std::string& output);

}  // namespace farholm::driver::kubernetes
