-- A cluster of Elasticsearch or OpenSearch: health, shards, and of the node that answers heap, disk and rejected requests.
-- Sources: the REST APIs _cluster/health and _nodes/_local/stats/jvm,fs,thread_pool.

local levels = { green = 0, yellow = 1, red = 2 }

-- A value below objects that may be absent.
local function at(value, ...)
  for _, key in ipairs { ... } do
    if type(value) ~= "table" then return nil end
    value = value[key]
  end
  return type(value) == "number" and value or nil
end

return check {
  summary = "Elasticsearch or OpenSearch: health, shards, heap, disk",
  details = {
    url = { kind = "url", default = "http://127.0.0.1:9200", doc = "a node, without a path" },
    user = { doc = "user" },
    password = { role = "secret", doc = "the user's password" },
    insecure = { kind = "boolean", default = false, doc = "do not verify the certificate" },
  },
  needs = { http = { "${url}/_cluster/health", "${url}/_nodes/_local/stats/**" } },
  metrics = { "health", "unassigned_shards", "heap_percent" },

  run = function(details)
    local base = details.url:gsub("/+$", "")
    local function get(path)
      local answer, why = http.get(base .. path, {
        user = details.user, password = details.password, insecure = details.insecure, timeout = 8,
      })
      if not answer then return nil, why end
      if answer.status ~= 200 then return nil, path .. " answered with status " .. answer.status end
      local page, wrong = json.decode(answer.body)
      if type(page) ~= "table" then return nil, path .. ": " .. (wrong or "other JSON") end
      return page
    end

    local health, why = get("/_cluster/health")
    if not health then unavailable(why) end
    local level = levels[health.status]
    if not level then unavailable("/_cluster/health has no status") end
    metric("health", "string", health.status)
    metric("health_level", "int64", level)
    for key, name in pairs {
      number_of_nodes = "nodes", number_of_data_nodes = "data_nodes", active_shards = "active_shards",
      relocating_shards = "relocating_shards", initializing_shards = "initializing_shards",
      unassigned_shards = "unassigned_shards", number_of_pending_tasks = "pending_tasks",
    } do
      if at(health, key) then metric(name, "uint64", at(health, key)) end
    end

    local stats = get("/_nodes/_local/stats/jvm,fs,thread_pool")
    for _, node in pairs(stats and type(stats.nodes) == "table" and stats.nodes or {}) do
      local heap = at(node, "jvm", "mem", "heap_used_percent")
      if heap then metric("heap_percent", "double", heap, "percent") end
      local total, free = at(node, "fs", "total", "total_in_bytes"), at(node, "fs", "total", "available_in_bytes")
      if total and free and total > 0 then
        metric("disk_total", "uint64", total, "bytes")
        metric("disk_available", "uint64", free, "bytes")
        metric("disk_percent", "double", (1 - free / total) * 100, "percent")
      end
      for _, pool in ipairs { "search", "write", "get" } do
        local rejected, queue = at(node, "thread_pool", pool, "rejected"), at(node, "thread_pool", pool, "queue")
        if rejected then metric("rejected", "uint64", rejected, nil, pool) end
        if queue then metric("queue", "uint64", queue, nil, pool) end
      end
    end
    local say = tostring(health.cluster_name or "cluster") .. " is " .. health.status
    local unassigned = at(health, "unassigned_shards") or 0
    status(unassigned > 0 and say .. ", " .. unassigned .. " shards have no node" or say)
  end,
}
