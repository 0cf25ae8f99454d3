#include "trust/timestamp.h"

#include <fmt/format.h>

#include <charconv>

namespace farholm::trust {

Result<io::WallTime> parse_timestamp(std::string_view text) {
  using namespace std::chrono;
  const auto number = [&](std::size_t at, std::size_t count) {
    int value = 0;
    std::from_chars(text.data() + at, text.data() + at + count, value);
    return value;
  };
  if (text.size() == 20) {
    const year_month_day day = year(number(0, 4)) / number(5, 2) / number(8, 2);
    // WallTime counts nanoseconds and ends in 2262.
    if (day.ok() && day.year() >= year(1970) && day.year() < year(2262)) {
      const auto time = io::WallTime(sys_days(day)) + hours(number(11, 2)) + minutes(number(14, 2)) +
                        seconds(number(17, 2));
      // Whatever else was read wrongly does not write itself back.
      if (io::to_rfc3339(time) == text) return time;
    }
  }
  return fail(ErrorCode::BadRequest,
              fmt::format("\"{}\" is not a time like 2027-01-01T00:00:00Z", text.substr(0, 40)));
}

}  // namespace farholm::trust
