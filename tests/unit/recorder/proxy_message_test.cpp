#include "recorder/proxy_message.hpp"

#include <gtest/gtest.h>

#include "core/base/limits.hpp"

namespace tapedeck::recorder {
namespace {

MessageHead head_of(std::string_view text) {
  HeadReader reader;
  auto head = reader.take(text);
  EXPECT_TRUE(head && *head);
  EXPECT_EQ(text, "");
  return head && *head ? **std::move(head) : MessageHead{};
}

/// "" where the head is accepted.
std::string complaint_about(std::string_view text) {
  HeadReader reader;
  const auto head = reader.take(text);
  return head ? "" : head.error().message;
}

struct Measured {
  std::string content;
  std::string rest;
  bool done = false;
  std::string complaint;
};

/// Feeds `bytes` in pieces of `step`.
Measured measure(BodyReader reader, std::string_view bytes, std::size_t step) {
  Measured measured;
  while (!bytes.empty() && !reader.done()) {
    std::string_view piece = bytes.substr(0, step);
    const std::size_t given = piece.size();
    if (const auto taken = reader.take(piece, measured.content); !taken) {
      measured.complaint = taken.error().message;
      return measured;
    }
    bytes.remove_prefix(given - piece.size());
  }
  measured.done = reader.done();
  measured.rest = bytes;
  return measured;
}

BodyReader chunked() {
  return *BodyReader::of_request(head_of("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"));
}

TEST(ProxyMessage, AHeadIsReadInAnyPiecesAndLeavesWhatFollows) {
  const std::string text = "\r\nGET /a?b HTTP/1.1\r\nHost: x\r\nA:  1 \r\na: 2\r\n\r\n";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    HeadReader reader;
    std::optional<MessageHead> head;
    std::string all = text + "body";
    std::string_view bytes = all;
    while (!head) {
      std::string_view piece = bytes.substr(0, step);
      const std::size_t given = piece.size();
      head = *reader.take(piece);
      bytes.remove_prefix(given - piece.size());
    }
    EXPECT_EQ(bytes, "body");
    EXPECT_EQ(head->start_line, "GET /a?b HTTP/1.1");
    EXPECT_EQ(head->value("A"), "1, 2");
    EXPECT_EQ(head->text(), "GET /a?b HTTP/1.1\r\nHost: x\r\nA: 1\r\na: 2\r\n\r\n");
  }
}

TEST(ProxyMessage, AFieldIsSetOnceInThePlaceOfAll) {
  MessageHead head = head_of("GET / HTTP/1.1\nA: 1\nB: 2\na: 3\n\n");
  head.set("a", "x");
  head.set("C", "y");
  head.erase("b");
  EXPECT_EQ(head.text(), "GET / HTTP/1.1\r\nA: x\r\nC: y\r\n\r\n");
}

TEST(ProxyMessage, WhatReceiversMightReadDifferentlyIsNoHead) {
  EXPECT_NE(complaint_about("GET / HTTP/1.1\r\nA : 1\r\n\r\n"), "");
  EXPECT_NE(complaint_about("GET / HTTP/1.1\r\nA: 1\r\n folded\r\n\r\n"), "");
  EXPECT_NE(complaint_about("GET / HTTP/1.1\r\nnothing\r\n\r\n"), "");
  EXPECT_NE(complaint_about("GET / HTTP/1.1\r\nA: 1\rB: 2\r\n\r\n"), "");
  EXPECT_NE(
      complaint_about("GET / HTTP/1.1\r\nA: " + std::string(limits::http_head_bytes_max, 'a')), "");
  EXPECT_EQ(complaint_about("GET / HTTP/1.1\r\nA: 1\tx\r\n\r\n"), "");
}

TEST(ProxyMessage, StartLinesAreThoseOfHttp1) {
  const auto request = parse_request_line("GET /conferences/a b/events?token=x HTTP/1.1");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, "GET");
  EXPECT_EQ(request->target, "/conferences/a b/events?token=x");
  for (const char* line :
       {"", "GET", "GET /", "GET  HTTP/2.0", "G(T / HTTP/1.1", "GET / http/1.1"}) {
    EXPECT_FALSE(parse_request_line(line)) << line;
  }
  EXPECT_EQ(*parse_status_line("HTTP/1.1 204"), 204U);
  EXPECT_EQ(*parse_status_line("HTTP/1.0 200 Fine"), 200U);
  for (const char* line : {"", "HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 20", "HTTP/1.1 099 x",
                           "HTTP/1.1 2000", "HTTP/1.1 -20", "HTTP/2.0 200 OK", "HTTP/1.1-200"}) {
    EXPECT_FALSE(parse_status_line(line)) << line;
  }
}

TEST(ProxyMessage, ABodyEndsWhereItsHeadSays) {
  const auto length = BodyReader::of_request(head_of("POST / HTTP/1.1\nContent-Length: 5\n\n"));
  const auto none = BodyReader::of_request(head_of("GET / HTTP/1.1\n\n"));
  const MessageHead plain = head_of("HTTP/1.1 200 OK\n\n");
  const MessageHead sized = head_of("HTTP/1.1 200 OK\nContent-Length: 5\n\n");
  EXPECT_TRUE(none->done());
  EXPECT_TRUE(BodyReader::of_response(sized, 200, "HEAD")->done());
  EXPECT_TRUE(BodyReader::of_response(sized, 304, "GET")->done());
  EXPECT_TRUE(BodyReader::of_response(plain, 204, "GET")->done());
  const Measured measured = measure(*length, "hello, world", 3);
  EXPECT_EQ(measured.content, "hello");
  EXPECT_EQ(measured.rest, ", world");
  EXPECT_TRUE(measured.done);
  EXPECT_FALSE(length->ends_here());
  const auto open = BodyReader::of_response(plain, 200, "GET");
  EXPECT_TRUE(open->ends_here());
  EXPECT_EQ(measure(*open, "all of it", 4).content, "all of it");
}

TEST(ProxyMessage, ChunksAreReadInAnyPieces) {
  const std::string text =
      "5\r\nhello\r\n0B;x=\"y\"\r\n, my world!\r\n1\nX\n0\r\nTrailer: t\r\n\r\nrest";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    const Measured measured = measure(chunked(), text, step);
    EXPECT_EQ(measured.content, "hello, my world!X") << step;
    EXPECT_EQ(measured.rest, "rest");
    EXPECT_TRUE(measured.done);
  }
}

TEST(ProxyMessage, WrongFramingIsRefused) {
  for (const char* text : {"\r\n", "x\r\n", ";\r\n", "1\rX", "1\r\nXY", "1 \r\nX\r\r\n", "-1\r\n",
                           "fffffffffffffffff\r\n"}) {
    EXPECT_NE(measure(chunked(), text, 100).complaint, "") << text;
  }
  EXPECT_NE(measure(chunked(), "1;" + std::string(limits::http_head_bytes_max, 'x'), 100).complaint,
            "");
  for (const char* fields :
       {"Content-Length: 1\nContent-Length: 2", "Content-Length: 1, 1", "Content-Length: +1",
        "Content-Length: 99999999999999999999", "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked\nContent-Length: 1"}) {
    EXPECT_FALSE(
        BodyReader::of_request(head_of("POST / HTTP/1.1\n" + std::string(fields) + "\n\n")))
        << fields;
  }
}

}  // namespace
}  // namespace tapedeck::recorder
