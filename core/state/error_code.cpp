#include "core/state/error_code.hpp"

namespace tapedeck::state {
namespace {

struct Row {
  std::string_view reason;
  std::string_view code;
};

constexpr Row rows[] = {
    {"Invalid role", "#pex100"},
    {"Invalid PIN", "#pex101"},
    {"Out of proxying resource", "#pex109"},
    {"System in maintenance mode", "#pex110"},
    {"502 Bad Gateway", "#pex111"},
    {"503 Service Unavailable", "#pex112"},
    {"Invalid token", "#pex113"},
    {"Timer expired awaiting token refresh", "#pex113"},
    {"Out of resource", "#pex114"},
    {"Out of transcoding resource", "#pex114"},
    {"transfer failed", "#pex115"},
    {"Unexpected Response: 503", "#pex116"},
    {"Failed to forward request", "#pex119"},
    {"Conference host ended the conference with a DTMF command", "#pex120"},
    {"API initiated conference termination", "#pex121"},
    {"API initiated participant disconnect", "#pex122"},
    {"Conference terminated by an administrator", "#pex122"},
    {"Disconnected by an administrator", "#pex123"},
    {"Disconnected by another participant", "#pex124"},
    {"Conference terminated by another participant", "#pex125"},
    {"Timeout waiting for conference host to join or permit access to locked conference",
     "#pex126"},
    {"Disabled", "#pex127"},
    {"Signaling node disconnected", "#pex129"},
    {"Media process disconnected", "#pex130"},
    {"Media node disconnected", "#pex131"},
    {"Proxied participant disconnected", "#pex132"},
    {"No participants can keep conference alive", "#pex140"},
    {"All conference hosts departed hosted conference", "#pex141"},
    {"Last remaining participant removed from conference after timeout", "#pex142"},
    {"Test call finished", "#pex143"},
    {"Call rejected", "#pex150"},
    {"Call disconnected", "#pex151"},
    {"Gateway dial out failed", "#pex152"},
    {"invalid gateway routing rule transform", "#pex153"},
    {"Neither conference nor gateway found", "#pex154"},
    {"No direct route between Edge and Transcoding", "#pex156"},
    {"404 Not Found", "#pex157"},
    {"Resource unavailable", "#pex191"},
    {"Participant exceeded PIN entry retries", "#pex192"},
    {"Invalid license", "#pex193"},
    {"Participant limit reached", "#pex194"},
    {"Insufficient licenses", "#pex195"},
    {"Ice failure", "#pex196"},
    {"Telehealth Call failure", "#pex197"},
    {"SSO Authentication Failed", "#pex200"},
    {"SSO enabled but no Identity Providers configured", "#pex201"},
    {"SSO Authentication Failed. The system is in Maintenance mode", "#pex203"},
    {"SSO Authentication Failed. SSO is not available from this domain", "#pex204"},
    {"Failed to transfer into a multi-party conference", "#pex210"},
    {"Failed to transfer into a one-to-one conference", "#pex211"},
};

}  // namespace

std::string_view error_code(const event::Value& reason) {
  for (const Row& row : rows) {
    if (reason.is_text(row.reason)) {
      return row.code;
    }
  }
  return "#pex117";
}

}  // namespace tapedeck::state
