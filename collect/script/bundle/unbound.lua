-- The resolver unbound: queries, cache, answers, the request list. unbound-control needs its keys, which only root may
-- read, so it is run by sudo: "virgo ALL=(root) NOPASSWD: /usr/sbin/unbound-control stats_noreset" in /etc/sudoers.d/virgo.
-- Source: unbound-control(8), stats_noreset.

local figures = {
  { "total.num.queries", "queries", "uint64" }, { "total.num.cachehits", "cache_hits", "uint64" },
  { "total.num.cachemiss", "cache_misses", "uint64" }, { "total.num.prefetch", "prefetches", "uint64" },
  { "total.num.recursivereplies", "recursive_replies", "uint64" }, { "total.num.expired", "expired", "uint64" },
  { "total.requestlist.avg", "requests_waiting", "double" }, { "total.requestlist.max", "requests_waiting_max", "uint64" },
  { "total.requestlist.overwritten", "requests_overwritten", "uint64" },
  { "total.requestlist.exceeded", "requests_exceeded", "uint64" },
  { "total.recursion.time.avg", "recursion_time", "double", "seconds" },
  { "total.recursion.time.median", "recursion_time_median", "double", "seconds" },
  { "mem.cache.rrset", "memory_rrset_cache", "uint64", "bytes" }, { "mem.cache.message", "memory_message_cache", "uint64", "bytes" },
  { "num.answer.secure", "answers_secure", "uint64" }, { "num.answer.bogus", "answers_bogus", "uint64" },
  { "time.up", "uptime", "double", "seconds" },
}

return check {
  summary = "the resolver unbound: queries, cache, answers",
  needs = { programs = { "sudo unbound-control" } },
  metrics = { "queries/s", "cache_hit_percent", "recursion_time" },

  run = function(_, _, saved)
    local answer, why = program.run("sudo unbound-control", { "stats_noreset" })
    if not answer then unavailable(why) end
    local values = {}
    for _, line in ipairs(text.lines(answer.out)) do
      local key, value = line:match("^([%w%._]+)=([%-%d%.]+)$")
      if key then values[key] = tonumber(value) end
    end
    local queries, hits = values["total.num.queries"], values["total.num.cachehits"]
    if not queries then unavailable("unbound-control printed no statistics") end
    for _, f in ipairs(figures) do
      if values[f[1]] then metric(f[2], f[3], math.max(0, values[f[1]]), f[4]) end
    end
    -- answers by code, with extended-statistics
    for key, value in pairs(values) do
      local code = key:match("^num%.answer%.rcode%.(%w+)$")
      if code then metric("answers", "uint64", value, nil, code) end
    end
    -- since the last run, or since it was started
    local before = saved and saved.queries <= queries and saved or { queries = 0, hits = 0 }
    local asked = queries - before.queries
    local say = queries .. " queries"
    if asked > 0 and hits then
      local percent = (hits - before.hits) / asked * 100
      metric("cache_hit_percent", "double", math.max(0, percent), "percent")
      say = string.format("%d queries, %.0f %% from the cache", asked, percent)
    end
    save { queries = queries, hits = hits or 0 }
    status(say)
  end,
}
