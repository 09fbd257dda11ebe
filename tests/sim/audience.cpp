#include "tests/sim/audience.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <memory>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/check.hpp"
#include "core/base/join_defaults.hpp"
#include "core/base/units.hpp"
#include "replayer/broadcast.hpp"
#include "replayer/connection.hpp"
#include "replayer/facade.hpp"
#include "tests/support/tape_builder.hpp"

namespace tapedeck::test {
namespace {

using namespace replayer;
using boost::asio::ip::tcp;

/// What the sockets between server and client may hold.
constexpr std::size_t kernel_bytes_max = std::size_t{16} * 1024;

/// What the server says that it sent on one stream.
struct Sent {
  std::string bytes;
  std::size_t frames = 0;
  bool is_over = false;
};

class Client {
 public:
  explicit Client(const ClientPlan& plan) : plan_(plan), next_ns_(plan.come_ns) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { leave(); }

  [[nodiscard]] const ClientPlan& plan() const { return plan_; }
  [[nodiscard]] std::int64_t next_ns() const { return next_ns_; }
  [[nodiscard]] bool has_come() const { return has_come_; }
  [[nodiscard]] const std::string& received() const { return received_; }
  /// It went by itself, at the time that it had planned.
  [[nodiscard]] bool has_left() const { return has_left_; }

  /// Connects; gives the server's end.
  int come() {
    int ends[2] = {-1, -1};
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0,
          "there are no sockets");
    constexpr int small = 1;  // the least that the system has
    ::setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    fd_ = ends[0];
    has_come_ = true;
    const std::string request = std::string("GET /events HTTP/1.") + (plan_.is_old ? "0" : "1") +
                                "\r\nHost: simulated\r\n\r\n";
    check(::send(fd_, request.data(), request.size(), 0) == std::ssize(request), "a request");
    next_ns_ += plan_.read_every_ns;
    return ends[1];
  }

  /// Reads, or goes.
  void act() {
    if (next_ns_ >= plan_.leave_ns) {
      // Who stays takes what there is first, and gives the server the time to send the rest.
      if (plan_.stays && read(std::numeric_limits<std::size_t>::max())) {
        next_ns_ += ns_per_ms;
      } else if (fd_ >= 0) {
        has_left_ = true;
        leave();
      }
      return;
    }
    const std::int64_t now_ns = next_ns_;
    next_ns_ = std::min(now_ns + plan_.read_every_ns, plan_.leave_ns);
    const bool lags = now_ns >= plan_.lags_from_ns && now_ns < plan_.lags_until_ns;
    if (!lags) {
      read(plan_.read_bytes_max);
    }
  }

 private:
  /// False: nothing is there, or the server has closed.
  bool read(std::size_t bytes_max) {
    char bytes[4096];
    const auto count = ::recv(fd_, bytes, std::min(bytes_max, sizeof bytes), 0);
    if (count > 0) {
      received_.append(bytes, static_cast<std::size_t>(count));
      return true;
    }
    if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
      leave();
    }
    return false;
  }
  void leave() {
    if (fd_ >= 0) {
      ::close(std::exchange(fd_, -1));
    }
    next_ns_ = never_ns;
  }

  ClientPlan plan_;
  std::int64_t next_ns_;
  int fd_ = -1;
  bool has_come_ = false;
  bool has_left_ = false;
  std::string received_;
};

/// The body of a response without its chunk borders, as far as it goes.
std::string body_of_response(std::string_view response) {
  const std::size_t head = response.find("\r\n\r\n");
  if (head == std::string_view::npos) {
    return "";
  }
  const bool is_chunked =
      response.substr(0, head).find("Transfer-Encoding: chunked") != std::string_view::npos;
  response.remove_prefix(head + 4);
  if (!is_chunked) {
    return std::string(response);
  }
  std::string body;
  for (std::size_t line = response.find("\r\n"); line != std::string_view::npos;
       line = response.find("\r\n")) {
    const auto size = std::stoul(std::string(response.substr(0, line)), nullptr, 16);
    response.remove_prefix(line + 2);
    body += response.substr(0, size);
    response.remove_prefix(std::min(response.size(), size + 2));
  }
  return body;
}

/// The server's half of it, and the time.
class Audience final : public port::Clock {
 public:
  Audience(const Plan& plan, const schema::TapeReader& tape, Faults& faults)
      : plan_(plan.audience), tape_(tape), faults_(faults), options_(server_options(plan)) {
    const std::int64_t played_ns =
        plan_.num == 0 ? 0 : tape.summary().last_ns * plan_.den / plan_.num;
    for (ClientPlan client : plan_.clients) {
      if (client.stays) {
        client.leave_ns = client.come_ns + played_ns + ns_per_s;
      }
      clients_.push_back(std::make_unique<Client>(client));
    }
  }

  void run() {
    const auto played = deck_.run(*this, [this] { return next_client() == nullptr; });
    expect(played.has_value(), "a replay to the audience failed", faults_);
    settle();
  }

  [[nodiscard]] const std::vector<std::unique_ptr<Client>>& clients() const { return clients_; }
  /// In the order of coming, as streams are numbered.
  [[nodiscard]] const std::vector<std::pair<Client*, std::int64_t>>& streams() const {
    return streams_;
  }
  [[nodiscard]] const std::vector<Sent>& sent() const { return sent_; }

 private:
  std::int64_t now_ns() override { return now_ns_; }
  port::Wait wait_until(std::int64_t due_ns) override {
    settle();
    Client* client = next_client();
    if (client == nullptr) {
      return port::Wait::woken;
    }
    if (client->next_ns() > due_ns) {
      now_ns_ = std::max(now_ns_, due_ns);
      return port::Wait::reached;
    }
    now_ns_ = std::max(now_ns_, client->next_ns());
    if (client->has_come()) {
      client->act();
    } else {
      welcome(*client);
    }
    settle();
    return now_ns_ >= due_ns ? port::Wait::reached : port::Wait::woken;
  }

  /// Everything that can happen without time going on.
  void settle() {
    while (context_.poll() != 0) {
    }
    for (std::size_t at = 0; at < sent_.size() && at < streams_.size(); ++at) {
      const std::size_t received = streams_[at].first->received().size();
      const std::size_t kept = sent_[at].bytes.size() - std::min(sent_[at].bytes.size(), received);
      expect(sent_[at].is_over || kept <= queue_bytes_max() + kernel_bytes_max,
             "more is kept for a client than the bound allows", faults_);
    }
  }

  [[nodiscard]] std::size_t queue_bytes_max() const {
    const bool is_dropped = plan_.is_shared && !plan_.rate.is_unlimited();
    return is_dropped ? plan_.stream_bytes_max
                      : limits::stream_high_bytes + limits::batch_bytes_max;
  }

  [[nodiscard]] Client* next_client() const {
    const auto next = std::ranges::min_element(
        clients_, {}, [](const auto& client) { return client->next_ns(); });
    return next == clients_.end() || (*next)->next_ns() == never_ns ? nullptr : next->get();
  }

  void welcome(Client& client) {
    streams_.emplace_back(&client, now_ns_);
    tcp::socket socket(context_);
    socket.assign(tcp::v4(), client.come());
    auto connection =
        std::make_shared<Connection>(ClientSocket(std::move(socket), nullptr), service_);
    boost::asio::co_spawn(context_, connection->serve(), [](const std::exception_ptr& error) {
      check(!error, "a connection throws nothing");
    });
    settle();
  }

  void note(const JournalEntry& entry) {
    sent_.resize(std::max(sent_.size(), static_cast<std::size_t>(entry.stream)));
    if (const auto* frame = std::get_if<FrameSent>(&entry.what)) {
      Sent& sent = sent_[static_cast<std::size_t>(entry.stream) - 1];
      sent.bytes += frame->raw;
      ++sent.frames;
    } else if (std::holds_alternative<StreamClosed>(entry.what)) {
      sent_[static_cast<std::size_t>(entry.stream) - 1].is_over = true;
    }
  }

  ServerOptions server_options(const Plan& plan) {
    ServerOptions options;
    options.sharing = plan_.is_shared ? Sharing::shared : Sharing::separate;
    options.timeline.rate = plan_.rate;
    if (plan.mutant != Mutant::queue_without_bound) {
      options.limits.stream_bytes_max = plan_.stream_bytes_max;
    }
    options.journal = [this](const JournalEntry& entry) { note(entry); };
    return options;
  }
  FacadeHooks hooks() {
    return {
        .participant_uuid = [](std::uint64_t,
                               std::string_view) { return std::string(default_participant_uuid); },
        .join = [](const JoinInfo&) { return Result<Entrance>(Entrance::conference); },
        .leave = [this](const Member& member,
                        std::string_view why) { broadcast_.end_member(member.id, why); }};
  }

  const AudiencePlan& plan_;
  const schema::TapeReader& tape_;
  Faults& faults_;
  std::int64_t now_ns_ = 0;
  const ServerOptions options_;
  const Programme programme_{.open_stream = [this](const JoinInfo&) { return tape_.frames(); }};
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{
      context_.get_executor()};
  Deck deck_;
  Broadcast broadcast_{deck_, *this, options_, programme_};
  Facade facade_{hooks()};
  Service service_{facade_, broadcast_, options_.limits};
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::pair<Client*, std::int64_t>> streams_;  ///< with the time of its arrival
  std::vector<Sent> sent_;                                 ///< by stream
};

/// The frames of a tape as they are due on one timeline.
struct Due {
  std::vector<OwnedFrame> frames;
  std::vector<std::int64_t> at_ns;
};

Due due_frames(const AudiencePlan& plan, const schema::TapeReader& tape, std::int64_t start_ns) {
  Due due;
  due.frames = frames_of(tape);
  for (const OwnedFrame& frame : due.frames) {
    due.at_ns.push_back(start_ns + (plan.num == 0 ? 0 : frame.recv_ns * plan.den / plan.num));
  }
  return due;
}

/// Whether `bytes` is what is due from `arrival_ns` on: from the first frame of then or, where that
/// one is amid a block or a batch, from the one that follows.
bool is_due_from(const Due& due, std::int64_t arrival_ns, std::string_view bytes) {
  std::size_t first = 0;
  while (first < due.frames.size() && due.at_ns[first] < arrival_ns) {
    ++first;
  }
  std::string rest;
  for (std::size_t i = first; i < due.frames.size(); ++i) {
    rest += due.frames[i].raw;
  }
  std::string_view expected = rest;
  for (std::size_t i = first; i <= due.frames.size(); ++i) {
    if (expected == bytes) {
      return true;
    }
    const bool goes_on = i < due.frames.size() &&
                         (due.at_ns[i] == arrival_ns || (i > 0 && !due.frames[i - 1].complete) ||
                          !due.frames[i].complete || (i > 0 && due.at_ns[i] == due.at_ns[i - 1]));
    if (!goes_on) {
      return false;
    }
    expected.remove_prefix(due.frames[i].raw.size());
  }
  return false;
}

}  // namespace

void check_audience(const Plan& plan, const schema::TapeReader& tape, Faults& faults,
                    Digest& digest) {
  const AudiencePlan& audience_plan = plan.audience;
  Audience audience(plan, tape, faults);
  audience.run();
  std::int64_t start_ns = 0;
  for (std::size_t at = 0; at < audience.streams().size(); ++at) {
    const auto& [client, came_ns] = audience.streams()[at];
    if (at >= audience.sent().size()) {
      expect(false, "a client got no stream", faults);
      return;
    }
    const Sent& sent = audience.sent()[at];
    const std::string body = body_of_response(client->received());
    const std::string name = "client " + std::to_string(at + 1);
    digest.add(client->received());
    const bool has_read = client->plan().stays || !client->received().empty();
    expect(!has_read || client->received().starts_with("HTTP/1."), name + " got no answer", faults);
    expect(sent.bytes.starts_with(body), name + " got other bytes than were sent", faults);
    if (at == 0 || !audience_plan.is_shared) {
      start_ns = came_ns;
    }
    if (!client->has_left()) {
      const std::size_t kept = sent.bytes.size() - std::min(sent.bytes.size(), body.size());
      expect(audience_plan.is_shared && !audience_plan.rate.is_unlimited() &&
                 kept + sent.frames * limits::stream_piece_cost + kernel_bytes_max >
                     audience_plan.stream_bytes_max,
             name + " was dropped although it kept up", faults);
    } else if (client->plan().stays) {
      expect(body == sent.bytes, name + " stayed and has not all", faults);
      if (audience_plan.is_shared && audience_plan.rate.is_unlimited()) {
        // All wait for the slowest there: what is left at the arrival is no matter of time.
        expect(body_of(tape).find(sent.bytes) != std::string::npos,
               name + " was sent something else than the tape", faults);
      } else {
        const Due due = due_frames(audience_plan, tape, start_ns);
        expect(is_due_from(due, came_ns, sent.bytes), name + " was not sent what was due", faults);
      }
    }
  }
}

}  // namespace tapedeck::test
