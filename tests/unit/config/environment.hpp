// An environment variable that is set for one scope.
#pragma once

#include <cstdlib>
#include <string>

namespace tw::test {

class variable {
  public:
    variable(std::string name, const std::string& value) : name_(std::move(name)) {
        if (const char* before = std::getenv(name_.c_str())) before_ = before;
        ::setenv(name_.c_str(), value.c_str(), 1);
    }
    ~variable() {
        if (before_.empty()) ::unsetenv(name_.c_str());
        else ::setenv(name_.c_str(), before_.c_str(), 1);
    }
    variable(const variable&) = delete;
    variable& operator=(const variable&) = delete;

  private:
    std::string name_, before_;
};

} // namespace tw::test
