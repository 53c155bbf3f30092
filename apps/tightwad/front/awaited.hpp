// What a connection waits for on behalf of a client that may leave.
#pragma once

namespace tw::front {

/// On the server's thread.
class awaited {
  public:
    virtual ~awaited() = default;
    /// Ends the work; its end still comes.
    virtual void cancel() = 0;
    /// Ends the wait.
    virtual void wake() = 0;
};

} // namespace tw::front
