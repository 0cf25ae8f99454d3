// Objects, lists and events as the bytes of an answer, in the form that was negotiated. Pure: the time is a
// parameter. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apiserver/kinds.h"
#include "apiserver/negotiation.h"
#include "io/clock.h"
#include "object/status.h"

namespace farholm::apiserver {

// A JSON value as a whole answer.
net::Response render(int status, const json::Value& value, const Representation& form);
net::Response render_failure(const object::Failure& failure, const Representation& form);

struct ListMetadata {
  std::int64_t revision = 0;
  std::string continue_token;
  std::size_t remaining = 0;
};

class Renderer {
 public:
  Renderer(const ServedKind& kind, Representation form, object::IncludeObject include, io::WallTime now)
      : kind_(kind), form_(std::move(form)), include_(include), now_(now) {}

  net::Response object(int status, const json::Value& served) const;
  net::Response list(const std::vector<store::EntryRef>& entries, const ListMetadata& metadata) const;
  // `{"type":…,"object":…}` and a newline. `with_columns`: tables begin with their columns, once.
  std::string event(std::string_view type, const store::Entry& entry, bool with_columns) const;
  std::string bookmark(std::int64_t revision, bool initial_events_end) const;

 private:
  json::Value served(const store::Entry& entry) const;
  json::Value table(bool with_columns) const;
  std::string object_text(const store::Entry& entry, bool with_columns) const;

  const ServedKind& kind_;
  Representation form_;
  object::IncludeObject include_;
  io::WallTime now_;
};

// One ERROR event.
std::string error_event(const object::Failure& failure);

}  // namespace farholm::apiserver
