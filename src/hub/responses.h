// Small HTTP answers. Errors are metav1.Status documents, so that every port of the hub fails alike. Pure.
#pragma once

#include "base/result.h"
#include "json/json.h"
#include "net/message.h"
#include "object/status.h"

namespace farholm::hub {

inline net::Response text_response(std::string type, std::string text) {
  net::Response response{.status = 200, .headers = {}, .body = std::move(text)};
  response.headers.add("Content-Type", std::move(type));
  return response;
}

inline net::Response json_response(int status, const json::Value& body) {
  auto response = text_response("application/json", json::to_text(body));
  response.status = status;
  return response;
}

inline net::Response error_response(const Error& error) {
  auto response = json_response(http_status(error.code), object::to_status(object::Failure(error)));
  if (error.code == ErrorCode::TooManyRequests) response.headers.add("Retry-After", "1");
  return response;
}

}  // namespace farholm::hub
