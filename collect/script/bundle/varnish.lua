-- The cache Varnish: hit rate, requests, backends, threads, memory. The user of scripts must be in the group varnish.
-- Source: varnishstat(1) -j and varnish-counters(7). Versions before 6.5 have the counters at the top of the JSON.

local counters = {
  { "MAIN.client_req", "requests" }, { "MAIN.cache_hit", "cache_hits" }, { "MAIN.cache_miss", "cache_misses" },
  { "MAIN.cache_hitpass", "cache_hits_for_pass" }, { "MAIN.sess_conn", "connections" }, { "MAIN.sess_dropped", "connections_dropped" },
  { "MAIN.backend_conn", "backend_connections" }, { "MAIN.backend_fail", "backend_failures" },
  { "MAIN.backend_unhealthy", "backend_unhealthy" }, { "MAIN.backend_busy", "backend_busy" }, { "MAIN.fetch_failed", "fetches_failed" },
  { "MAIN.threads", "threads" }, { "MAIN.threads_limited", "threads_limited" }, { "MAIN.threads_failed", "threads_failed" },
  { "MAIN.thread_queue_len", "thread_queue" }, { "MAIN.n_object", "objects" }, { "MAIN.n_expired", "objects_expired" },
  { "MAIN.n_lru_nuked", "objects_evicted" }, { "MGT.child_panic", "child_panics" }, { "MGT.child_died", "child_deaths" },
}

return check {
  summary = "the cache Varnish: hit rate, requests, backends, threads",
  needs = { programs = { "varnishstat" } },
  metrics = { "hit_percent", "requests/s", "backend_failures/s" },

  run = function(_, _, saved)
    local answer, why = program.run("varnishstat", { "-j" })
    if not answer then unavailable(why) end
    local page, wrong = json.decode(answer.out)
    if type(page) ~= "table" then unavailable("varnishstat: " .. (wrong or "other JSON")) end
    local all = type(page.counters) == "table" and page.counters or page
    local function value(name)
      local c = all[name]
      return type(c) == "table" and type(c.value) == "number" and c.value or nil
    end
    local hits, misses = value("MAIN.cache_hit"), value("MAIN.cache_miss")
    if not hits or not misses then unavailable("varnishstat printed no counters") end
    for _, c in ipairs(counters) do
      if value(c[1]) then metric(c[2], "uint64", value(c[1])) end
    end
    if value("MAIN.uptime") then metric("uptime", "double", value("MAIN.uptime"), "seconds") end
    -- storage: SMA.s0.g_bytes, SMF.disk.g_space
    for name in pairs(all) do
      local storage = name:match("^S%u%u%.([^%.]+)%.g_bytes$")
      if storage and value(name) then
        metric("storage_used", "uint64", value(name), "bytes", storage)
        local space = value((name:gsub("g_bytes$", "g_space")))
        if space then metric("storage_free", "uint64", space, "bytes", storage) end
      end
    end
    -- since the last run, or since it was started
    local before = saved and saved.hits <= hits and saved.misses <= misses and saved or { hits = 0, misses = 0 }
    local asked = hits + misses - before.hits - before.misses
    if asked > 0 then
      local percent = (hits - before.hits) / asked * 100
      metric("hit_percent", "double", percent, "percent")
      status(string.format("%.0f %% of %d requests from the cache", percent, asked))
    else
      status("no requests")
    end
    save { hits = hits, misses = misses }
  end,
}
