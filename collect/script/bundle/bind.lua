-- The name server BIND: queries, answers, cache, from its statistics channel over HTTP:
-- statistics-channels { inet 127.0.0.1 port 8053 allow { 127.0.0.1; }; };
-- Source: the BIND 9 Administrator Reference Manual, statistics in JSON (/json/v1/server).

local counters = {
  { "Requestv4", "requests_ipv4" }, { "Requestv6", "requests_ipv6" }, { "ReqTCP", "requests_tcp" }, { "Response", "responses" },
  { "QrySuccess", "answers_success" }, { "QryAuthAns", "answers_authoritative" }, { "QryNXDOMAIN", "answers_nxdomain" },
  { "QryNxrrset", "answers_nxrrset" }, { "QrySERVFAIL", "answers_servfail" }, { "QryFORMERR", "answers_formerr" },
  { "QryFailure", "answers_failure" }, { "QryDropped", "dropped" }, { "QryRecursion", "recursions" },
  { "RecursClients", "recursive_clients" }, { "XfrRej", "transfers_rejected" }, { "AuthQryRej", "queries_rejected" },
  { "RecQryRej", "recursions_rejected" }, { "RateDropped", "rate_limited" },
}

local function number(object, key)
  local value = type(object) == "table" and object[key]
  return type(value) == "number" and value or nil
end

return check {
  summary = "the name server BIND: queries, answers, cache",
  details = {
    url = { kind = "url", default = "http://127.0.0.1:8053", doc = "statistics channel, without a path" },
  },
  needs = { http = { "${url}/json/v1/server" } },
  metrics = { "responses/s", "answers_servfail/s", "cache_hit_percent" },

  run = function(details, now)
    local answer, why = http.get(details.url:gsub("/+$", "") .. "/json/v1/server", { timeout = 5 })
    if not answer then unavailable(why) end
    if answer.status ~= 200 then unavailable("the statistics channel answered with status " .. answer.status) end
    local page, wrong = json.decode(answer.body)
    if type(page) ~= "table" or type(page.version) ~= "string" then unavailable("no statistics of BIND: " .. (wrong or "other JSON")) end

    metric("version", "string", page.version)
    local boot = type(page["boot-time"]) == "string" and time.parse(page["boot-time"], "rfc3339")
    if boot then metric("uptime", "double", math.max(0, now - boot), "seconds") end
    -- a counter that has not counted yet is absent
    for _, c in ipairs(counters) do metric(c[2], "uint64", number(page.nsstats, c[1]) or 0) end

    local hits, misses = 0, 0
    for name, view in pairs(type(page.views) == "table" and page.views or {}) do
      local stats = type(view) == "table" and type(view.resolver) == "table" and view.resolver.cachestats
      if name ~= "_bind" and stats then
        hits, misses = hits + (number(stats, "CacheHits") or 0), misses + (number(stats, "CacheMisses") or 0)
        local memory = (number(stats, "TreeMemInUse") or 0) + (number(stats, "HeapMemInUse") or 0)
        metric("cache_memory", "uint64", memory, "bytes", name)
        local resolver = view.resolver.stats
        metric("query_timeouts", "uint64", number(resolver, "QueryTimeout") or 0, nil, name)
      end
    end
    if hits + misses > 0 then metric("cache_hit_percent", "double", hits / (hits + misses) * 100, "percent") end
    status(string.format("BIND %s, %d responses", page.version:match("^[%d%.]+") or page.version, number(page.nsstats, "Response") or 0))
  end,
}
