-- The processes that use most, once the processors or the memory are used more than a bound: who it was is then in the
-- results of that minute. Processes of one name are added up, so that no metric is named after a process id.
-- Source: /proc/stat, /proc/PID/stat, /proc/PID/statm (proc(5)); memory from agent.memory.

-- Kept for the next run: the processor time of these many processes, the largest. What the others have is at most the
-- smallest of these.
local most = 1000

local function processors()
  local content, err = file.read("/proc/stat")
  if not content then unavailable(err) end
  local line, n = nil, 0
  for _, l in ipairs(text.lines(content)) do
    if l:match("^cpu%s") then line = l end
    if l:match("^cpu%d") then n = n + 1 end
  end
  local f, total = text.fields(line or ""), 0
  if #f < 6 then unavailable("/proc/stat has other content than expected") end
  for i = 2, math.min(#f, 9) do total = total + tonumber(f[i]) end -- guest is part of user
  return total, tonumber(f[5]) + tonumber(f[6]), n
end

-- name, ticks of processor time, resident pages of each process by "PID:start".
local function processes()
  local found = {}
  for _, path in ipairs(file.list("/proc/*/stat") or {}) do
    local pid = path:match("^/proc/(%d+)/stat$")
    local content = pid and file.read(path)
    local name, rest = (content or ""):match("^%d+ %((.*)%) (.*)$")
    if name then
      local f = text.fields(rest)
      if #f >= 22 then
        found[pid .. ":" .. f[20]] = { name = name, ticks = tonumber(f[12]) + tonumber(f[13]), pages = tonumber(f[22]) }
      end
    end
  end
  return found
end

-- Adds up by name, and returns the largest.
local function largest(list, n)
  local sums, names = {}, {}
  for _, item in ipairs(list) do
    if not sums[item.name] then names[#names + 1] = item.name end
    sums[item.name] = (sums[item.name] or 0) + item.value
  end
  table.sort(names, function(a, b)
    if sums[a] ~= sums[b] then return sums[a] > sums[b] end
    return a < b
  end)
  local top = {}
  for i = 1, math.min(n, #names) do
    if sums[names[i]] > 0 then top[#top + 1] = { name = names[i], value = sums[names[i]] } end
  end
  return top
end

return check {
  summary = "the processes that use most, when the processors or the memory are used more than a bound",
  details = {
    cpu = { kind = "number", default = 80, role = "free", doc = "percent of all processors from which processes are named" },
    memory = { kind = "number", default = 90, role = "free", doc = "percent of the memory, likewise" },
    count = { kind = "integer", default = 5, min = 1, max = 20, role = "free", doc = "number of processes" },
  },
  needs = { files = { "/proc/stat", "/proc/*/stat" }, figures = { "agent.memory" } },
  systems = { "linux" },
  metrics = { "cpu_percent", "memory_percent" },

  run = function(details, _, saved)
    local total, idle, count = processors()
    local all, say = processes(), {}

    -- processor time since the last run
    local usage
    if saved and total > saved.total then
      local passed = total - saved.total
      usage = math.min(math.max(100 * (1 - (idle - saved.idle) / passed), 0), 100)
      metric("cpu_percent", "double", usage, "percent")
      if usage >= details.cpu then
        local list = {}
        for key, p in pairs(all) do
          local before = saved.ticks[key] or (p.ticks > saved.floor and saved.floor) or p.ticks
          list[#list + 1] = { name = p.name, value = p.ticks - before }
        end
        local named = {}
        for _, top in ipairs(largest(list, details.count)) do
          local percent = top.value / passed * 100
          metric("process_cpu", "double", percent, "percent", top.name)
          named[#named + 1] = string.format("%s %.0f %%", top.name, percent)
        end
        say[#say + 1] = string.format("processors %.0f %% used: %s", usage, table.concat(named, ", "))
      end
    end

    local figures = {}
    for _, m in ipairs(host.figures("agent.memory") or {}) do figures[m.name] = tonumber(m.value) end
    if figures.total and figures.actual_free and figures.total > 0 then
      local percent = 100 * (1 - figures.actual_free / figures.total)
      metric("memory_percent", "double", percent, "percent")
      if percent >= details.memory then
        local list, pages, named = {}, 0, {}
        for _, p in pairs(all) do
          list[#list + 1] = { name = p.name, value = p.pages }
          pages = pages + p.pages
        end
        for _, top in ipairs(largest(list, details.count)) do
          -- of all resident pages: how large a page is differs between systems
          metric("process_memory", "double", top.value / pages * 100, "percent", top.name)
          named[#named + 1] = string.format("%s %.0f %%", top.name, top.value / pages * 100)
        end
        say[#say + 1] = string.format("memory %.0f %% used: %s", percent, table.concat(named, ", "))
      end
    end

    local keys, n = {}, 0
    for key in pairs(all) do
      n = n + 1
      keys[n] = key
    end
    table.sort(keys, function(a, b)
      if all[a].ticks ~= all[b].ticks then return all[a].ticks > all[b].ticks end
      return a < b
    end)
    local ticks = {}
    for i = 1, math.min(n, most) do ticks[keys[i]] = all[keys[i]].ticks end
    save { total = total, idle = idle, ticks = ticks, floor = n > most and all[keys[most]].ticks or 0 }

    metric("processes", "uint64", n)
    metric("processors", "uint64", count)
    if #say == 0 then
      say[1] = usage and string.format("processors %.0f %% used", usage) or "the first run: processors are compared from the next on"
    end
    status(table.concat(say, "; "))
  end,
}
