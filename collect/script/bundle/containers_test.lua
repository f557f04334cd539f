local docker = "http://unix:/run/docker.sock:"
local podman = "http://unix:/run/podman/podman.sock:"

return tests {
  ["docker 24"] = function(t)
    t:run {
      now = 1700000060, saved = { at = 1700000000, cpu = { ["8dfafdbc3a40"] = 6488948000 } },
      http = {
        [docker .. "/containers/json?all=true"] = "testdata/docker-24-containers.json",
        [docker .. "/containers/8dfafdbc3a40/json"] = '{"Id": "8dfafdbc3a40", "RestartCount": 2}',
        [docker .. "/containers/9cd87474be90/json"] = '{"Id": "9cd87474be90", "RestartCount": 0}',
        [docker .. "/containers/4cb07b47f9fb/json"] = '{"Id": "4cb07b47f9fb", "RestartCount": 17}',
        [docker .. "/containers/8dfafdbc3a40/stats?stream=false&one-shot=true"] = "testdata/docker-24-stats.json",
        [docker .. "/containers/9cd87474be90/stats?stream=false&one-shot=true"] = { status = 500, body = "{}" },
        [podman .. "/containers/json?all=true"] = false,
      },
    }
    t:metric("running", 2)
    t:metric("stopped", 1)
    t:metric("restarting", 1)
    t:metric("not_asked", 0)
    t:metric("unhealthy", 1)
    t:metric("state", "exited", "job")
    t:metric("health", "healthy", "web")
    t:metric("restarts", 2, "web")
    t:metric("restarts", 17, "loop")
    t:metric("memory", 6000000, "web", "bytes")
    t:metric("memory_limit", 67108864, "web")
    t:metric("cpu_percent", 50, "web", "percent")
    t:no_metric("memory", "db")
    t:saved { at = 1700000060, cpu = { ["8dfafdbc3a40"] = 36488948000 } }
    t:status("db is unhealthy, loop restarts; 2 running, 1 stopped")
  end,

  ["docker 19, whose memory is of control groups version 1"] = function(t)
    t:run {
      details = { socket = "/srv/docker.sock" },
      http = {
        ["http://unix:/srv/docker.sock:/containers/json?all=true"] =
          '[{"Id": "a1", "Names": ["/a"], "State": "running", "Status": "Up 3 hours"}]',
        ["http://unix:/srv/docker.sock:/containers/a1/json"] = '{"RestartCount": 0}',
        ["http://unix:/srv/docker.sock:/containers/a1/stats?stream=false&one-shot=true"] = "testdata/docker-19-stats.json",
      },
    }
    t:metric("memory", 6500000, "a")
    t:no_metric("cpu_percent", "a")
    t:no_metric("health", "a")
    t:status("1 running, 0 stopped")
  end,

  ["more containers than it may connect for"] = function(t)
    local list, http = {}, { [podman .. "/containers/json?all=true"] = false }
    for i = 1, 130 do
      list[i] = '{"Id": "c' .. i .. '", "Names": ["/web' .. i .. '"], "State": "running", "Status": "Up 3 hours"}'
      if i <= 127 then
        http[docker .. "/containers/c" .. i .. "/json"] = '{"RestartCount": 0}'
        http[docker .. "/containers/c" .. i .. "/stats?stream=false&one-shot=true"] = "testdata/docker-24-stats.json"
      end
    end
    http[docker .. "/containers/json?all=true"] = "[" .. table.concat(list, ",") .. "]"
    t:run { http = http }
    t:metric("running", 130)
    t:metric("not_asked", 3)
    t:metric("memory", nil, "web127")
    t:no_metric("memory", "web128")
    t:metric("state", "running", "web130")
    t:status("130 running, 0 stopped, no figures of 3")
  end,

  ["docker 20.10"] = function(t)
    local http = {
      [docker .. "/containers/json?all=true"] = "testdata/docker-20.10-containers.json",
      [podman .. "/containers/json?all=true"] = false,
      [docker .. "/containers/504e7fbe7b28/json"] = "testdata/docker-20.10-inspect.json",
      [docker .. "/containers/6d8921b19bf0/stats?stream=false&one-shot=true"] = "testdata/docker-20.10-stats.json",
    }
    for _, id in ipairs { "0903805766e8", "53a8462167b1", "6d8921b19bf0" } do
      http[docker .. "/containers/" .. id .. "/json"] = '{"State": {"Status": "running"}, "RestartCount": 0}'
      http[docker .. "/containers/" .. id .. "/stats?stream=false&one-shot=true"] =
        http[docker .. "/containers/" .. id .. "/stats?stream=false&one-shot=true"] or { status = 404, body = "{}" }
    end
    t:run { now = 1700000060, saved = { at = 1700000000, cpu = { ["6d8921b19bf0"] = 0 } }, http = http }
    t:metric("running", 3)
    t:metric("restarting", 1)
    t:metric("stopped", 2)
    t:metric("state", "paused", "idle")
    t:no_metric("health", "idle")
    t:metric("health", "starting", "young")
    t:metric("health", "unhealthy", "sick")
    t:metric("restarts", 6, "loop")
    t:metric("memory", 307200, "web")
    t:metric("memory_limit", 67108864, "web")
    t:metric("cpu_percent", 36602299 / 1e9 / 60 * 100, "web")
    t:status("loop restarts, sick is unhealthy; 3 running, 2 stopped")
  end,

  ["podman 4.3, whose list says nothing of health"] = function(t)
    t:run {
      http = {
        [docker .. "/containers/json?all=true"] = false,
        [podman .. "/containers/json?all=true"] = "testdata/podman-4.3-containers.json",
        [podman .. "/containers/d3e4f96caf9b/json"] = "testdata/podman-4.3-inspect.json",
        [podman .. "/containers/42a9db9df442/json"] = '{"State": {"Health": {"Status": ""}}, "RestartCount": 0}',
        [podman .. "/containers/d3e4f96caf9b/stats?stream=false&one-shot=true"] = { status = 404, body = "{}" },
        [podman .. "/containers/42a9db9df442/stats?stream=false&one-shot=true"] = "testdata/podman-4.3-stats.json",
      },
    }
    t:metric("running", 2)
    t:metric("stopped", 3)
    t:metric("state", "created", "new")
    t:metric("health", "unhealthy", "sick")
    t:no_metric("health", "web")
    t:metric("memory", 331776, "web")
    t:status("sick is unhealthy; 2 running, 3 stopped")
  end,

  ["podman in docker's place is not counted twice"] = function(t)
    t:run {
      details = { stats = false },
      http = {
        [docker .. "/containers/json?all=true"] = "testdata/podman-4.3-containers.json",
        [podman .. "/containers/json?all=true"] = "testdata/podman-4.3-containers.json",
      },
    }
    t:metric("running", 2)
    t:metric("stopped", 3)
  end,

  ["no service"] = function(t)
    t:run { http = { [docker .. "/containers/json?all=true"] = false, [podman .. "/containers/json?all=true"] = false } }
    t:unavailable()
  end,

  ["an answer that is no JSON"] = function(t)
    t:run {
      details = { socket = "/run/docker.sock", stats = false },
      http = { [docker .. "/containers/json?all=true"] = "<html>" },
    }
    t:unavailable()
  end,
}
