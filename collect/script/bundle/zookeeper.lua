-- A server of ZooKeeper: the command mntr over its client port, see
-- https://zookeeper.apache.org/doc/current/zookeeperAdmin.html. From 3.5 on the server must allow it:
-- 4lw.commands.whitelist=mntr. porting.md tells how this came from a plugin of the original agent.

-- The names are those of mntr, as the plugin had them.
local types = {
  zk_version = "string", zk_server_state = "string",
  zk_avg_latency = "double", zk_max_latency = "double", zk_min_latency = "double",
  zk_packets_sent = "uint64", zk_packets_received = "uint64", zk_num_alive_connections = "uint64",
  zk_outstanding_requests = "uint64", zk_znode_count = "uint64", zk_watch_count = "uint64",
  zk_ephemerals_count = "uint64", zk_approximate_data_size = "uint64", zk_open_file_descriptor_count = "uint64",
  zk_max_file_descriptor_count = "uint64", zk_followers = "uint64", zk_synced_followers = "uint64",
  zk_pending_syncs = "uint64",
}
local units = {
  zk_avg_latency = "milliseconds", zk_max_latency = "milliseconds", zk_min_latency = "milliseconds",
  zk_approximate_data_size = "bytes",
}

return check {
  summary = "a server of ZooKeeper, by its command mntr",
  details = {
    host = { kind = "host", default = "127.0.0.1", doc = "server" },
    port = { kind = "port", default = 2181, doc = "its client port" },
  },
  needs = { tcp = { "${host}:${port}" } },
  metrics = { "zk_outstanding_requests", "zk_avg_latency", "zk_num_alive_connections" },

  run = function(details)
    local server, why = net.tcp(details.host, details.port, { timeout = 5 })
    if not server then unavailable(why) end
    server:send("mntr")
    local answer = server:all()
    if not answer or answer == "" then unavailable("the server closed the connection without an answer") end
    local values = {}
    for _, line in ipairs(text.lines(answer)) do
      local name, value = line:match("^(zk_[%w_]+)\t(.*)$")
      if name then values[name] = value end
    end
    -- "mntr is not executed because it is not in the whitelist", "This ZooKeeper instance is not currently serving requests"
    if not values.zk_version then unavailable(text.trim(text.lines(answer)[1] or "")) end
    for name, type in pairs(types) do
      local value = values[name]
      if value and type == "string" then
        metric(name, type, value)
      elseif tonumber(value) then
        metric(name, type, math.max(0, tonumber(value)), units[name])
      end
    end
    status("version " .. values.zk_version:match("^[^,]*") .. ", " .. (values.zk_server_state or "state not known"))
  end,
}
