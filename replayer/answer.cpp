#include "replayer/answer.hpp"

#include "core/base/json_text.hpp"

namespace tapedeck::replayer {

Answer success(std::string_view result) {
  Answer answer;
  answer.body = R"({"status":"success","result":)";
  answer.body += result;
  answer.body += '}';
  return answer;
}

Answer failure(int status, std::string_view why) {
  Answer answer;
  answer.status = status;
  answer.body = R"({"status":"failed","result":)";
  append_json_string(answer.body, why);
  answer.body += '}';
  return answer;
}

}  // namespace tapedeck::replayer
