-- Containers of docker and podman, through the sockets of their services: state, health, restarts, processor, memory.
-- Source: the Docker Engine API from version 1.40, which podman answers as well (/containers/json, /containers/ID/json,
-- /containers/ID/stats). The user that scripts run as must be allowed to use the socket: sudo adduser virgo docker;
-- podman's, and the folder it is in, only root may use until its owner lets a group in.

local places = { "/run/docker.sock", "/run/podman/podman.sock" }

-- A check may connect 256 times, a list for each socket and twice for each container, and take 30 seconds. Docker takes up
-- to a second for the figures of one, before version 20.10 up to two.
local most, seconds = 127, 18

local function get(socket, path)
  local answer, err = http.get("http://unix:" .. socket .. ":" .. path, { timeout = 5 })
  if not answer then return nil, err end
  if answer.status ~= 200 then return nil, path .. " answered with status " .. answer.status end
  local value, wrong = json.decode(answer.body)
  if value == nil then return nil, path .. ": " .. wrong end
  return value
end

-- The page cache that can be given back is not counted, as docker stats does it.
local function memory(stats)
  local m = stats.memory_stats
  if type(m) ~= "table" or type(m.usage) ~= "number" then return nil end
  local cache = type(m.stats) == "table" and (m.stats.inactive_file or m.stats.total_inactive_file) or 0
  return math.max(0, m.usage - (type(cache) == "number" and cache or 0)), m.limit
end

-- What the health check says, where the container has one.
local function health_of(inspected)
  local health = inspected and type(inspected.State) == "table" and inspected.State.Health
  local text = type(health) == "table" and health.Status
  return type(text) == "string" and text ~= "" and text ~= "none" and text or nil
end

local function processor(stats)
  local c = stats.cpu_stats
  return type(c) == "table" and type(c.cpu_usage) == "table" and tonumber(c.cpu_usage.total_usage) or nil
end

return check {
  summary = "containers of docker and podman: state, health, restarts, processor, memory",
  details = {
    socket = { kind = "absolute-path", role = "socket", doc = "socket of the service; default: those of docker and podman" },
    stats = { kind = "boolean", default = true, doc = "processor, memory, restarts and podman's health of running containers: at most 127, and what 18 seconds allow" },
  },
  needs = { unix = { "/run/docker.sock", "/run/podman/podman.sock", "${socket}" } },
  systems = { "linux" },
  metrics = { "running", "stopped", "unhealthy" },

  run = function(details, now, saved)
    local before, earlier = saved and saved.cpu or {}, saved and saved.at
    local cpu, count, failed = {}, { running = 0, stopped = 0, restarting = 0, unhealthy = 0 }, {}
    local began, asked, not_asked, bad = time.clock(), 0, 0, {}

    local containers, seen, answered = {}, {}, false
    for _, socket in ipairs(details.socket and { details.socket } or places) do
      local list, err = get(socket, "/containers/json?all=true")
      if not list then failed[#failed + 1] = err end
      answered = answered or list ~= nil
      for _, c in ipairs(list or {}) do
        -- where podman stands in for docker, both sockets list the same
        if not seen[c.Id] then
          seen[c.Id] = true
          containers[#containers + 1] = { of = c, socket = socket }
        end
      end
    end
    for _, entry in ipairs(containers) do
      local c, socket = entry.of, entry.socket
      local name = tostring(c.Names and c.Names[1] or c.Id):gsub("^/", "")
      local state = tostring(c.State)
      local running = state == "running"
      metric("state", "string", state, nil, name)
      if running then
        count.running = count.running + 1
      elseif state == "restarting" then
        count.restarting = count.restarting + 1
        bad[#bad + 1] = name .. " restarts"
      else
        count.stopped = count.stopped + 1
      end
      -- docker lists it as "Up 3 hours (unhealthy)", podman does not
      local health = tostring(c.Status or ""):match("%((%a[%a: ]*)%)%s*$")
      health = health and health ~= "Paused" and health:gsub("^health: ", "") or nil

      local wanted = details.stats and (running or state == "restarting")
      if wanted and (asked == most or time.clock() - began > seconds) then
        not_asked = not_asked + 1
      elseif wanted then
        asked = asked + 1
        local inspected = get(socket, "/containers/" .. c.Id .. "/json")
        if inspected and type(inspected.RestartCount) == "number" then
          metric("restarts", "uint64", inspected.RestartCount, nil, name)
        end
        health = health or health_of(inspected)
        local stats = running and get(socket, "/containers/" .. c.Id .. "/stats?stream=false&one-shot=true")
        if stats then
          local used, limit = memory(stats)
          if used then metric("memory", "uint64", used, "bytes", name) end
          if limit then metric("memory_limit", "uint64", limit, "bytes", name) end
          -- nanoseconds since it was started
          cpu[c.Id] = processor(stats)
          if cpu[c.Id] and before[c.Id] and earlier and now > earlier and cpu[c.Id] >= before[c.Id] then
            metric("cpu_percent", "double", (cpu[c.Id] - before[c.Id]) / 1e9 / (now - earlier) * 100, "percent", name)
          end
        end
      end
      if running and health then
        metric("health", "string", health, nil, name)
        if health == "unhealthy" then
          count.unhealthy = count.unhealthy + 1
          bad[#bad + 1] = name .. " is unhealthy"
        end
      end
    end

    save { cpu = cpu, at = now }
    if not answered then unavailable("no container service answers: " .. table.concat(failed, "; ")) end
    for name, n in pairs(count) do metric(name, "int64", n) end
    metric("not_asked", "int64", not_asked)
    local all = count.running .. " running, " .. count.stopped .. " stopped"
    if not_asked > 0 then all = all .. ", no figures of " .. not_asked end
    status(#bad > 0 and table.concat(bad, ", ") .. "; " .. all or all)
  end,
}
