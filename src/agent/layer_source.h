// LayerSource: turns a layer of the accepted plan into what a driver gets, and says which content is missing
// for that. An interface, so that the loop (site_runner.h) can be tested without content. One thread.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "driver/driver.h"
#include "io/task.h"
#include "profile/plan.h"

namespace farholm::agent {

class LayerSource {
 public:
  virtual ~LayerSource() = default;
  // Digests that the layer needs and that are not here, as far as can be told now (a bundle's own list is
  // known once its index is here). Empty: it can be applied.
  virtual Result<std::vector<std::string>> missing(const profile::SitePlan& plan,
                                                   const profile::PlanLayer& layer) = 0;
  // Gets everything that the plan's layers need; partial progress is kept.
  virtual io::Task<Result<void>> fetch(const profile::SitePlan& plan, driver::Progress progress) = 0;
  // From now on nodes may pull what the layers of these plans need, as far as it is here, and nothing else.
  virtual Result<void> serve(const std::vector<const profile::SitePlan*>& plans) = 0;
  // Variables put in, secrets opened. Only when nothing is missing.
  virtual Result<driver::Layer> load(const profile::SitePlan& plan, const profile::PlanLayer& layer) = 0;
  // The layers whose change from one plan to the other interrupts what runs (profile::Effect::Restart or
  // more). NotFound while content of either is not here.
  virtual Result<std::set<std::string>> disrupted(const profile::SitePlan& before,
                                                  const profile::SitePlan& after) = 0;
};

}  // namespace farholm::agent
