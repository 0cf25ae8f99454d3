// Builder: puts a Value together from a parser's events and stops it at the limits. Used by the JSON and the
// YAML reader; lives as long as one parse. One thread.
#pragma once

#include <string>
#include <vector>

#include "json/json.h"

namespace farholm::json {

class Builder {
 public:
  // `duplicates` null: a member that comes twice is an error; else it is named there and the last one wins.
  Builder(const Limits& limits, std::vector<std::string>* duplicates)
      : limits_(limits), duplicates_(duplicates) {}

  // Each is false once error() is set; then the parse is over.
  bool scalar(Value value);
  bool begin(Value container);
  bool member(std::string name);
  void end() { open_.pop_back(); }

  // Counts values that the caller makes by other ways (YAML's aliases).
  bool charge(std::size_t values);
  bool refuse(ErrorCode code, std::string message);

  const Error* error() const { return failed_ ? &error_ : nullptr; }
  std::size_t depth() const { return open_.size(); }
  Value& root() { return root_; }
  // "spec.replicas"; members and indexes of what is open.
  std::string path() const;

 private:
  struct Open {
    Value* container;
    std::string member;  // of an object: the one that is being read
  };
  Value* place(Value&& value);

  const Limits& limits_;
  std::vector<std::string>* duplicates_;
  std::vector<Open> open_;
  Value root_;
  std::size_t values_ = 0;
  Error error_;
  bool failed_ = false;
};

}  // namespace farholm::json
