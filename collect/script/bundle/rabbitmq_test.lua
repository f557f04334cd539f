local url = "http://127.0.0.1:15672/api/"
local queues = "queues?sort=messages&sort_reverse=true&page=1&page_size=10&columns=name,vhost,messages,consumers,state"

return tests {
  ["3.10"] = function(t)
    t:run { http = {
      [url .. "overview"] = "testdata/rabbitmq-3.10-overview.json", [url .. "nodes"] = "testdata/rabbitmq-3.10-nodes.json",
      [url .. queues] = "testdata/rabbitmq-3.10-queues.json",
    } }
    t:metric("version", "3.10.8")
    t:metric("messages_ready", 1)
    t:metric("messages_unacknowledged", 0)
    t:metric("published", 1)
    t:metric("queue_messages", 1, "mail")
    t:metric("queue_consumers", 0, "shop dead")
    t:metric("memory_used", 132489216, "t@localhost", "bytes")
    t:metric("open_files", 36, "t@localhost")
    t:metric("alarms", 0)
    t:status("1 messages in 2 queues")
  end,

  ["3.6 with an alarm and a partition"] = function(t)
    t:run {
      details = { url = "http://mq:15672/", queues = 0 },
      http = { ["http://mq:15672/api/overview"] = "testdata/rabbitmq-3.6-overview.json", ["http://mq:15672/api/nodes"] = "testdata/rabbitmq-3.6-nodes.json" },
    }
    t:metric("alarms", 1)
    t:metric("partitions", 1)
    t:metric("messages", 42)
    t:metric("delivered", 119990)
    t:metric("running", false, "rabbit@b")
    t:status("rabbit@a is partitioned; rabbit@a: alarm of memory; rabbit@b does not run")
  end,

  ["3.10 just after its start: no statistics are not none"] = function(t)
    t:run { http = {
      [url .. "overview"] = '{"queue_totals": {}, "object_totals": {"queues": 1}}', [url .. "nodes"] = '[{"name": "a", "running": true}]',
      [url .. queues] = '{"items": [{"name": "mail", "vhost": "/"}]}',
    } }
    t:no_metric("messages")
    t:no_metric("queue_messages", "mail")
    t:status("1 queues, no statistics of messages yet")
  end,

  ["no queues"] = function(t)
    t:run {
      details = { queues = 0 },
      http = { [url .. "overview"] = '{"queue_totals": {}, "object_totals": {"queues": 0}}', [url .. "nodes"] = "[]" },
    }
    t:metric("messages", 0)
    t:status("0 messages in 0 queues")
  end,

  ["wrong password"] = function(t)
    t:run { http = { [url .. "overview"] = { status = 401, body = '{"error":"not_authorised"}' } } }
    t:unavailable("/api/overview answered with status 401")
  end,
}
