#include <fmt/format.h>

#include "cli/diff.h"

namespace farholm::cli {
namespace {

constexpr std::size_t kNamesShown = 5;  // of a group of many sites; -o json has more

json::Value list_of(const json::Value& value, const char* member) {
  const auto* list = json::find_array(value, member);
  return list == nullptr ? json::Value::array() : *list;
}

std::string path_of(const json::Value& one) {
  return json::string_or(one, "namespace") + "/" + json::string_or(one, "name");
}

std::string title(const json::Value& group) {
  const auto sites = list_of(group, "sites");
  const auto count = static_cast<std::size_t>(json::find_integer(group, "siteCount").value_or(0));
  std::string names;
  for (std::size_t i = 0; i < sites.size() && i < kNamesShown; ++i)
    names += (i == 0 ? "" : ", ") + path_of(sites[i]);
  if (count > kNamesShown) names += fmt::format(" and {} more", count - kNamesShown);
  const char* is_new = json::string_or(group, "change") == "Added" ? " (new)" : "";
  return count == 1 ? fmt::format("Site {}{}", names, is_new)
                    : fmt::format("{} Sites{}: {}", count, is_new, names);
}

std::string layer_text(const json::Value& layer) {
  std::string text = fmt::format("{:<14} {:<9} {}\n", json::string_or(layer, "name"),
                                 json::string_or(layer, "change"), json::string_or(layer, "effect", "-"));
  for (const auto& reason : list_of(layer, "reasons")) {
    const auto object = json::string_or(reason, "object");
    const auto field = json::string_or(reason, "field");
    text += fmt::format("  {:<8} {}{}{} {}\n", json::string_or(reason, "effect"), object,
                        object.empty() || field.empty() ? "" : " ", field, json::string_or(reason, "text"));
  }
  return text;
}

std::string group_text(const json::Value& group) {
  std::string text = title(group) + "\n";
  if (const auto problem = json::string_or(group, "problem"); !problem.empty())
    return text + "  no plan can be made, so the present one stays: " + problem + "\n";
  if (json::find_bool(group, "paused").value_or(false)) return text + "  paused: the present plan stays\n";
  if (json::string_or(group, "change") == "Same") return text + "  no layer changes\n";
  text += fmt::format("{:<14} {:<9} {}\n", "LAYER", "CHANGE", "EFFECT");
  for (const auto& layer : list_of(group, "layers")) text += layer_text(layer);
  return text;
}

}  // namespace

std::string preview_text(const json::Value& status) {
  std::string text;
  for (const auto& profile : list_of(status, "revisions")) {
    const auto before = json::find_integer(profile, "before").value_or(0);
    const auto after = json::find_integer(profile, "after").value_or(0);
    text += "ClusterProfile " + path_of(profile);
    text += before == after ? fmt::format(": revision {} stays\n", before)
            : before == 0   ? fmt::format(": revision {} would be its first\n", after)
                            : fmt::format(": revision {} would follow {}\n", after, before);
  }
  for (const auto& group : list_of(status, "groups")) text += (text.empty() ? "" : "\n") + group_text(group);
  if (json::find_integer(status, "siteCount").value_or(0) == 0) text += "No Site would be touched.\n";
  if (const auto omitted = json::find_integer(status, "omittedSiteCount").value_or(0); omitted > 0)
    text += fmt::format(
        "\n{} more Sites are not shown: too many for one answer, or not yours to see. "
        "Choose some with --site.\n",
        omitted);
  if (json::find_bool(status, "truncated").value_or(false))
    text += "\nReasons were left out: the answer would have been too large. Choose Sites with --site.\n";
  return text;
}

}  // namespace farholm::cli
