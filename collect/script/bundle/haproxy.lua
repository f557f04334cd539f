-- HAProxy: which servers are down, sessions, errors, queues, from its stats socket ("stats socket /run/haproxy/admin.sock
-- mode 660 level user" under global; the user of scripts must be in its group).
-- Source: the management guide, "show stat": CSV with a header line.

local counters = {
  { "scur", "sessions", "uint64" }, { "slim", "session_limit", "uint64" }, { "stot", "sessions_total", "uint64" },
  { "qcur", "queued", "uint64" }, { "bin", "bytes_in", "uint64", "bytes" }, { "bout", "bytes_out", "uint64", "bytes" },
  { "ereq", "request_errors", "uint64" }, { "econ", "connection_errors", "uint64" }, { "eresp", "response_errors", "uint64" },
  { "hrsp_5xx", "responses_5xx", "uint64" }, { "rate", "session_rate", "uint64" }, { "rtime", "response_time", "uint64", "milliseconds" },
}

return check {
  summary = "HAProxy: servers that are down, sessions, errors, queues",
  details = {
    socket = { kind = "absolute-path", role = "socket", default = "/run/haproxy/admin.sock", doc = "stats socket" },
    servers = { kind = "boolean", default = false, doc = "figures of each server, and not of frontends and backends only" },
  },
  needs = { unix = { "${socket}" } },
  metrics = { "servers_down", "backends_down", "sessions" },

  run = function(details)
    local conn, why = net.unix(details.socket, { timeout = 5 })
    if not conn then unavailable(why) end
    conn:send("show stat\n")
    local answer, wrong = conn:all()
    if not answer then unavailable(wrong) end
    local rows = csv.decode((answer:gsub("^# ", ""):gsub("\n+$", "\n")), { header = true })
    if not rows or #rows == 0 or not rows[1].svname then unavailable("the socket does not answer show stat") end

    local down, total, backends = {}, 0, {}
    for _, r in ipairs(rows) do
      local group = r.svname == "FRONTEND" or r.svname == "BACKEND"
      local name = group and r.pxname .. " " .. r.svname:lower() or r.pxname .. "/" .. r.svname
      -- "UP 1/3" while a check fails, "no check", "OPEN" of a frontend
      local state = r.status or ""
      local is_down = state:match("^DOWN") or state:match("^MAINT")
      if not group then
        total = total + 1
        if state:match("^DOWN") then down[#down + 1] = name end
      elseif r.svname == "BACKEND" and is_down then
        backends[#backends + 1] = r.pxname
      end
      if group or details.servers then
        metric("status", "string", state, nil, name)
        for _, c in ipairs(counters) do
          if tonumber(r[c[1]]) then metric(c[2], c[3], tonumber(r[c[1]]), c[4], name) end
        end
      end
    end
    metric("servers", "int64", total)
    metric("servers_down", "int64", #down)
    metric("backends_down", "int64", #backends)
    local say = {}
    if #backends > 0 then say[#say + 1] = "backends down: " .. table.concat(backends, ", ") end
    if #down > 0 then say[#say + 1] = "servers down: " .. table.concat(down, ", ", 1, math.min(#down, 10)) end
    status(#say > 0 and table.concat(say, "; ") or total .. " servers up")
  end,
}
