local stats = "sudo unbound-control stats_noreset"

return tests {
  ["1.17 of Debian 12 with extended statistics"] = function(t)
    t:run { programs = { [stats] = "testdata/unbound-1.17-stats.txt" } }
    t:metric("queries", 3)
    t:metric("cache_hits", 3)
    t:metric("cache_hit_percent", 100, nil, "percent")
    t:metric("answers", 2, "NOERROR")
    t:metric("answers", 1, "NXDOMAIN")
    t:metric("memory_rrset_cache", 66072, nil, "bytes")
    t:saved { queries = 3, hits = 3 }
    t:status("3 queries, 100 % from the cache")
  end,

  ["1.9, since the last run"] = function(t)
    t:run { programs = { [stats] = "testdata/unbound-1.9-stats.txt" }, saved = { queries = 10002, hits = 8023 } }
    t:metric("cache_hit_percent", 25)
    t:metric("requests_exceeded", 3)
    t:metric("recursion_time", 0.051211, nil, "seconds")
    t:no_metric("memory_rrset_cache")
    t:status("40 queries, 25 % from the cache")
  end,

  ["it was started anew"] = function(t)
    t:run { programs = { [stats] = "testdata/unbound-1.17-stats.txt" }, saved = { queries = 10002, hits = 8023 } }
    t:metric("cache_hit_percent", 100)
  end,

  ["it does not run"] = function(t)
    t:run { programs = { [stats] = { code = 1, err = "error: connect: Connection refused for 127.0.0.1 port 8953\n" } } }
    t:unavailable()
  end,
}
