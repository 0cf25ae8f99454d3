#include "base/encoding.h"

#include <gtest/gtest.h>

namespace farholm {
namespace {

TEST(Hex, ComesBackAsItWent) {
  EXPECT_EQ(to_hex(as_bytes("\x01\xfe")), "01fe");
  EXPECT_EQ(as_text(*from_hex("7a7a")), "zz");
}

TEST(Hex, RefusesOddLengthsUpperCaseAndOtherLetters) {
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("FF"));
  EXPECT_FALSE(from_hex("0g"));
}

TEST(Base64, MatchesTheVectorsOfRfc4648) {
  EXPECT_EQ(to_base64(as_bytes("")), "");
  EXPECT_EQ(to_base64(as_bytes("f")), "Zg==");
  EXPECT_EQ(to_base64(as_bytes("fo")), "Zm8=");
  EXPECT_EQ(to_base64(as_bytes("foo")), "Zm9v");
  EXPECT_EQ(to_base64(as_bytes("foobar")), "Zm9vYmFy");
  for (const char* text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"}) {
    EXPECT_EQ(as_text(*from_base64(to_base64(as_bytes(text)))), text);
  }
}

TEST(CutText, LeavesNoHalfCharacter) {
  EXPECT_EQ(cut_text("Grüße", 7), "Grüße");
  EXPECT_EQ(cut_text("Grüße", 4), "Grü");
  EXPECT_EQ(cut_text("Grüße", 3), "Gr");
  EXPECT_EQ(cut_text("Grüße", 0), "");
  EXPECT_EQ(cut_text("\x80\x80\x80", 2), "") << "no character at all";
}

TEST(Base64, RefusesWhatItsEncoderWouldNotWrite) {
  for (const char* text : {"Zg=", "Zg", "Zh==", "Z===", "====", "Zm9v\n", "Zg==Zg==", "Zm=v"}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

}  // namespace
}  // namespace farholm
