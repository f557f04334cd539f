return tests {
  ["3.7"] = function(t)
    t:run { now = 1700018000, programs = { ["postqueue -j"] = "testdata/postqueue-3.7.json" } }
    t:metric("messages", 3)
    t:metric("size", 2000, nil, "bytes")
    t:metric("queue", 2, "deferred")
    t:metric("queue", 0, "hold")
    t:metric("oldest_age", 18000, nil, "seconds")
    t:status("3 messages wait, the oldest for 5.0 hours; most often: Connection timed out")
  end,

  ["3.7.11, one is deferred"] = function(t)
    t:run { now = 1795981284, programs = { ["postqueue -j"] = "testdata/postqueue-3.7-deferred.json" } }
    t:metric("queue", 1, "deferred")
    t:metric("size", 251)
    t:metric("oldest_age", 60)
    t:status("1 messages wait; most often: Connection timed out")
  end,

  ["3.1, one is held"] = function(t)
    t:run { now = 1700000060, programs = { ["postqueue -j"] = "testdata/postqueue-3.1.json" } }
    t:metric("queue", 1, "hold")
    t:status("1 messages wait")
  end,

  ["nothing waits"] = function(t)
    t:run { programs = { ["postqueue -j"] = "" } }
    t:metric("messages", 0)
    t:metric("oldest_age", 0)
    t:status("the queue is empty")
  end,

  ["Postfix does not run"] = function(t)
    t:run { programs = { ["postqueue -j"] = { code = 69, err = "postqueue: fatal: Queue report unavailable - mail system is down\n" } } }
    t:unavailable()
  end,
}
