// The reference page of the kinds, as Markdown.
#pragma once

#include <string>
#include <vector>

#include "object/kind_descriptor.h"

namespace farholm::generate {

std::string reference_page(const std::vector<object::KindDescriptor>& kinds);

}  // namespace farholm::generate
