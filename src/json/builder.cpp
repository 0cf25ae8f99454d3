#include "json/builder.h"

#include <fmt/format.h>

namespace farholm::json {
namespace {
// Whoever sends a million members twice gets the first of them named.
constexpr std::size_t kDuplicatesNamedMax = 100;
}  // namespace

bool Builder::refuse(ErrorCode code, std::string message) {
  if (!failed_) error_ = fail(code, std::move(message)).error();
  failed_ = true;
  return false;
}

bool Builder::charge(std::size_t values) {
  if (failed_) return false;
  if (values > limits_.values_max - values_) {
    return refuse(ErrorCode::RequestEntityTooLarge,
                  fmt::format("it has more than the {} values that are allowed", limits_.values_max));
  }
  values_ += values;
  return true;
}

Value* Builder::place(Value&& value) {
  if (open_.empty()) {
    root_ = std::move(value);
    return &root_;
  }
  Open& open = open_.back();
  if (open.container->is_array()) {
    auto& array = open.container->get_ref<Value::array_t&>();
    array.push_back(std::move(value));
    return &array.back();
  }
  Value& slot = (*open.container)[open.member];
  slot = std::move(value);
  return &slot;
}

bool Builder::scalar(Value value) {
  if (!charge(1)) return false;
  place(std::move(value));
  return true;
}

bool Builder::begin(Value container) {
  if (!charge(1)) return false;
  if (open_.size() >= limits_.depth_max) {
    return refuse(ErrorCode::BadRequest,
                  fmt::format("it is nested deeper than {} levels", limits_.depth_max));
  }
  open_.push_back({.container = place(std::move(container)), .member = {}});
  return true;
}

bool Builder::member(std::string name) {
  if (failed_) return false;
  Open& open = open_.back();
  open.member = std::move(name);
  if (!open.container->contains(open.member)) return true;
  if (duplicates_ == nullptr) {
    return refuse(ErrorCode::BadRequest, fmt::format("the member \"{}\" comes twice", path()));
  }
  if (duplicates_->size() < kDuplicatesNamedMax) duplicates_->push_back(path());
  return true;
}

std::string Builder::path() const {
  std::string text;
  for (const auto& open : open_) {
    if (open.container->is_array()) {
      text += fmt::format("[{}]", open.container->empty() ? 0 : open.container->size() - 1);
    } else {
      if (!text.empty()) text += '.';
      text += open.member;
    }
  }
  return text;
}

}  // namespace farholm::json
