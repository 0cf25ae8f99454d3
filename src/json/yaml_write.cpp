#include <yaml.h>

#include "base/assert.h"
#include "json/json.h"
#include "json/yaml_scalar.h"

namespace farholm::json {
namespace {

int append(void* into, unsigned char* bytes, std::size_t count) {
  static_cast<std::string*>(into)->append(reinterpret_cast<const char*>(bytes), count);
  return 1;
}

yaml_char_t* chars(const std::string& text) {
  return reinterpret_cast<yaml_char_t*>(const_cast<char*>(text.data()));
}

class Writer {
 public:
  explicit Writer(std::string& text) {
    FARHOLM_ASSERT(yaml_emitter_initialize(&emitter_) == 1);
    yaml_emitter_set_output(&emitter_, append, &text);
    yaml_emitter_set_width(&emitter_, -1);
    yaml_emitter_set_unicode(&emitter_, 1);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { yaml_emitter_delete(&emitter_); }

  void document(const Value& value) {
    yaml_event_t event;
    yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
    emit(event);
    yaml_document_start_event_initialize(&event, nullptr, nullptr, nullptr, 1);
    emit(event);
    write(value);
    yaml_document_end_event_initialize(&event, 1);
    emit(event);
    yaml_stream_end_event_initialize(&event);
    emit(event);
  }

 private:
  void emit(yaml_event_t& event) { FARHOLM_ASSERT(yaml_emitter_emit(&emitter_, &event) == 1); }

  void scalar(const std::string& text, yaml_scalar_style_t style) {
    yaml_event_t event;
    FARHOLM_ASSERT(yaml_scalar_event_initialize(&event, nullptr, nullptr, chars(text),
                                                static_cast<int>(text.size()), 1, 1, style) == 1);
    emit(event);
  }

  void string(const std::string& text) {
    const auto plain = resolve_plain_scalar(text);
    const bool ambiguous = !plain || !plain->is_string() || text == "<<";
    scalar(text, ambiguous                              ? YAML_DOUBLE_QUOTED_SCALAR_STYLE
                 : text.find('\n') != std::string::npos ? YAML_LITERAL_SCALAR_STYLE
                                                        : YAML_PLAIN_SCALAR_STYLE);
  }

  void write(const Value& value) {
    yaml_event_t event;
    if (value.is_object()) {
      const auto style = value.empty() ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE;
      yaml_mapping_start_event_initialize(&event, nullptr, nullptr, 1, style);
      emit(event);
      for (const auto& [name, member] : value.items()) {
        string(name);
        write(member);
      }
      yaml_mapping_end_event_initialize(&event);
      emit(event);
    } else if (value.is_array()) {
      const auto style = value.empty() ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE;
      yaml_sequence_start_event_initialize(&event, nullptr, nullptr, 1, style);
      emit(event);
      for (const auto& element : value) write(element);
      yaml_sequence_end_event_initialize(&event);
      emit(event);
    } else if (value.is_string()) {
      string(value.get_ref<const std::string&>());
    } else {
      scalar(to_text(value), YAML_PLAIN_SCALAR_STYLE);
    }
  }

  yaml_emitter_t emitter_{};
};

}  // namespace

std::string to_yaml(const Value& value) {
  std::string text;
  // Through JSON text once when a string is not UTF-8, which libyaml would not take.
  try {
    (void)value.dump();
    Writer(text).document(value);
  } catch (const Value::exception&) {
    Writer(text).document(Value::parse(to_text(value)));
  }
  return text;
}

}  // namespace farholm::json
