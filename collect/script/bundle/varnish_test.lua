return tests {
  ["7.1 of Debian 12"] = function(t)
    t:run { programs = { ["varnishstat -j"] = "testdata/varnish-7.1.json" } }
    t:metric("requests", 3)
    t:metric("cache_hits", 2)
    t:metric("hit_percent", 2 / 3 * 100, nil, "percent")
    t:metric("storage_used", nil, "s0", "bytes")
    t:saved { hits = 2, misses = 1 }
    t:status("67 % of 3 requests from the cache")
  end,

  ["6.0, since the last run"] = function(t)
    t:run { programs = { ["varnishstat -j"] = "testdata/varnish-6.0.json" }, saved = { hits = 4190, misses = 770 } }
    t:metric("hit_percent", 25)
    t:metric("backend_failures", 7)
    t:metric("storage_free", 267386880, "s0")
    t:status("25 % of 40 requests from the cache")
  end,

  ["it does not run"] = function(t)
    t:run { programs = { ["varnishstat -j"] = { code = 1, err = "Could not get hold of varnishd, is it running?\n" } } }
    t:unavailable()
  end,
}
