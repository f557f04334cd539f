local server = "tcp 127.0.0.1:2181"

return tests {
  ["a leader, 3.4"] = function(t)
    t:run { net = { [server] = { { "mntr", "testdata/zookeeper-3.4.txt" } } } }
    t:metric("zk_version", "3.4.13-2d71af4dbe22557fda74f9a9b4309b15a7487f03, built on 06/29/2018 00:39 GMT")
    t:metric("zk_avg_latency", 1, nil, "milliseconds")
    t:metric("zk_synced_followers", 2)
    t:metrics(18)
    t:status("version 3.4.13-2d71af4dbe22557fda74f9a9b4309b15a7487f03, leader")
  end,

  ["a follower, 3.8, with figures that the plugin does not know"] = function(t)
    t:run { net = { [server] = { { "mntr", "testdata/zookeeper-3.8.txt" } } } }
    t:metric("zk_avg_latency", 0.6129)
    t:metric("zk_server_state", "follower")
    t:no_metric("zk_followers")
    t:no_metric("zk_quorum_size")
  end,

  ["mntr is not allowed"] = function(t)
    t:run { net = { [server] = { { "mntr", "mntr is not executed because it is not in the whitelist.\n" } } } }
    t:unavailable("mntr is not executed because it is not in the whitelist.")
  end,

  ["another server, which refuses"] = function(t)
    t:run { details = { host = "10.1.2.3", port = 2182 }, net = { ["tcp 10.1.2.3:2182"] = false } }
    t:unavailable()
  end,
}
