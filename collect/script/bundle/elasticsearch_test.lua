local url = "http://127.0.0.1:9200"

return tests {
  ["Elasticsearch 7.17 with one node"] = function(t)
    t:run { http = {
      [url .. "/_cluster/health"] = "testdata/elasticsearch-7.17-health.json",
      [url .. "/_nodes/_local/stats/jvm,fs,thread_pool"] = "testdata/elasticsearch-7.17-stats.json",
    } }
    t:metric("health", "yellow")
    t:metric("health_level", 1)
    t:metric("unassigned_shards", 12)
    t:metric("heap_percent", 50, nil, "percent")
    t:metric("disk_percent", 75)
    t:metric("rejected", 3, "search")
    t:metric("queue", 2, "write")
    t:no_metric("queue", "get")
    t:status("logs is yellow, 12 shards have no node")
  end,

  ["OpenSearch 2.11, whose node says no more"] = function(t)
    t:run {
      details = { url = "https://search.example:9200/", user = "monitor", password = "s" },
      http = {
        ["https://search.example:9200/_cluster/health"] = "testdata/opensearch-2.11-health.json",
        ["https://search.example:9200/_nodes/_local/stats/jvm,fs,thread_pool"] = { status = 403, body = "{}" },
      },
    }
    t:metric("nodes", 3)
    t:metric("health_level", 0)
    t:no_metric("heap_percent")
    t:status("search is green")
  end,

  ["not allowed"] = function(t)
    t:run { http = { [url .. "/_cluster/health"] = { status = 401, body = "" } } }
    t:unavailable("/_cluster/health answered with status 401")
  end,
}
