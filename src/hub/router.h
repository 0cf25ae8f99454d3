// Router: which part of the hub answers a path. One thread.
#pragma once

#include "net/exchange.h"

namespace farholm::hub {

class Router final : public net::HttpHandler {
 public:
  // All outlive it.
  Router(net::HttpHandler& api, net::HttpHandler& pairing, net::HttpHandler& content)
      : api_(api), pairing_(pairing), content_(content) {}

  io::Task<void> handle(net::Exchange& exchange) override {
    const std::string_view target = exchange.request().target;
    if (target.starts_with("/pairing/v1/")) return pairing_.handle(exchange);
    if (target.starts_with("/content/v1/")) return content_.handle(exchange);
    return api_.handle(exchange);
  }

 private:
  net::HttpHandler& api_;
  net::HttpHandler& pairing_;
  net::HttpHandler& content_;
};

}  // namespace farholm::hub
