#include "base/result.h"

#include <gtest/gtest.h>

namespace farholm {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return fail(ErrorCode::BadRequest, "the number is odd: give an even one");
  return number / 2;
}

Result<int> quarter(int number) {
  FARHOLM_TRY(auto first, half(number));
  FARHOLM_TRY(auto second, half(first));
  return second;
}

TEST(Result, TryHandsOnTheValue) {
  EXPECT_EQ(*quarter(8), 2);
}

TEST(Result, TryHandsOnTheFirstError) {
  auto result = quarter(6);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::BadRequest);
}

TEST(Error, TellsItsTrailInnermostFirst) {
  Error error{.code = ErrorCode::NotFound, .message = "no such file: root.json", .trail = {}, .causes = {}};
  auto outer = fail_while(fail_while(error, "reading the root").error(), "starting the agent");
  EXPECT_EQ(outer.error().to_string(),
            "no such file: root.json (while reading the root; while starting the agent)");
}

TEST(ErrorCode, EveryCodeHasItsOwnRowInTheTable) {
  EXPECT_EQ(reason(ErrorCode::BadRequest), "BadRequest");
  EXPECT_EQ(reason(ErrorCode::Timeout), "Timeout");
  EXPECT_EQ(http_status(ErrorCode::Invalid), 422);
  EXPECT_TRUE(may_succeed_on_retry(ErrorCode::TooManyRequests));
  EXPECT_FALSE(may_succeed_on_retry(ErrorCode::Forbidden));
}

TEST(ErrorCode, AForeignStatusBecomesTheNearestCode) {
  EXPECT_EQ(error_code_from_http_status(404), ErrorCode::NotFound);
  EXPECT_EQ(error_code_from_http_status(418), ErrorCode::BadRequest);
  EXPECT_EQ(error_code_from_http_status(502), ErrorCode::ServiceUnavailable);
}

}  // namespace
}  // namespace farholm
