-- want: ^unavailable (held|78_connections.lua:\d+: )
-- details: {"port": "$PORT"}
return check {
  summary = "connections",
  details = { port = { kind = "port", doc = "port" } },
  needs = { tcp = { "127.0.0.1:${port}" } },
  run = function(details, now, saved)
    local all = {}
    for i = 1, 1000 do
      local c, err = net.tcp("127.0.0.1", details.port)
      if not c then unavailable("held: " .. i .. ": " .. err) end
      all[i] = c
    end
    status("out")
  end,
}
