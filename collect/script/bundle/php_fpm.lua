-- A pool of php-fpm: processes, the queue, slow requests. The pool's socket speaks FastCGI, so no web server is needed; its
-- configuration has pm.status_path = /status, and the user of scripts must be able to use the socket (listen.group).
-- Sources: https://www.php.net/manual/en/fpm.status.php and the FastCGI specification 1.0.

local figures = {
  { "accepted conn", "requests" }, { "listen queue", "queue" }, { "max listen queue", "queue_max" }, { "listen queue len", "queue_limit" },
  { "idle processes", "idle" }, { "active processes", "active" }, { "total processes", "processes" },
  { "max active processes", "active_max" }, { "max children reached", "limit_reached" }, { "slow requests", "slow_requests" },
}

local function bytes(n)
  return string.char(math.floor(n / 256) % 256, n % 256)
end

-- A record of FastCGI: version 1, type, request 1, length, no padding.
local function record(type, content)
  return string.char(1, type, 0, 1) .. bytes(#content) .. string.char(0, 0) .. content
end

local function parameter(name, value)
  return string.char(#name, #value) .. name .. value -- all of them are shorter than 128 bytes
end

-- What the records of type STDOUT (6) have together.
local function output(answer)
  local at, out = 1, {}
  while at + 7 <= #answer do
    local _, type, _, _, high, low, padding = answer:byte(at, at + 6)
    local length = high * 256 + low
    if type == 6 then out[#out + 1] = answer:sub(at + 8, at + 7 + length) end
    at = at + 8 + length + padding
  end
  return table.concat(out)
end

return check {
  summary = "a pool of php-fpm: processes, queue, slow requests",
  details = {
    socket = { kind = "absolute-path", role = "socket", doc = "the pool's socket; or host and port" },
    host = { kind = "host", default = "127.0.0.1", doc = "host, if the pool listens on TCP" },
    port = { kind = "port", default = 9000, doc = "its port" },
    path = { default = "/status", doc = "pm.status_path of the pool" },
  },
  needs = { unix = { "${socket}" }, tcp = { "${host}:${port}" } },
  metrics = { "active", "queue", "limit_reached/s" },

  run = function(details)
    if #details.path > 100 then unavailable("the path is too long") end
    local conn, why
    if details.socket then
      conn, why = net.unix(details.socket, { timeout = 5 })
    else
      conn, why = net.tcp(details.host, details.port, { timeout = 5 })
    end
    if not conn then unavailable(why) end
    local parameters = parameter("REQUEST_METHOD", "GET") .. parameter("SCRIPT_NAME", details.path)
      .. parameter("SCRIPT_FILENAME", details.path) .. parameter("QUERY_STRING", "json")
    -- BEGIN_REQUEST as responder, PARAMS and their end, STDIN and its end
    conn:send(record(1, string.char(0, 1, 0, 0, 0, 0, 0, 0)) .. record(4, parameters) .. record(4, "") .. record(5, ""))
    local answer, wrong = conn:all()
    if not answer then unavailable(wrong) end
    local body = output(answer):match("\r\n\r\n(.*)$")
    local page, other = json.decode(body or "")
    if type(page) ~= "table" or not page.pool then
      unavailable("no status of php-fpm: " .. (output(answer):match("Status: ([^\r\n]*)") or other or "other JSON"))
    end
    for _, f in ipairs(figures) do
      if type(page[f[1]]) == "number" then metric(f[2], "uint64", page[f[1]]) end
    end
    metric("pool", "string", page.pool)
    if type(page["start since"]) == "number" then metric("uptime", "uint64", page["start since"], "seconds") end
    status(string.format("%s: %d of %d processes active, %d waiting",
      page.pool, page["active processes"] or 0, page["total processes"] or 0, page["listen queue"] or 0))
  end,
}
