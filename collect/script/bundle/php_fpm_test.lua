-- What the script sends: BEGIN_REQUEST, PARAMS, the end of PARAMS, the end of STDIN.
local request = "\1\1\0\1\0\8\0\0\0\1\0\0\0\0\0\0"
  .. "\1\4\0\1\0" .. string.char(81) .. "\0\0"
  .. "\14\3REQUEST_METHODGET\11\7SCRIPT_NAME/status\15\7SCRIPT_FILENAME/status\12\4QUERY_STRINGjson"
  .. "\1\4\0\1\0\0\0\0" .. "\1\5\0\1\0\0\0\0"

return tests {
  ["8.2 of Debian 12"] = function(t)
    t:run {
      details = { socket = "/run/php/php8.2-fpm.sock" },
      net = { ["unix /run/php/php8.2-fpm.sock"] = { { request, "testdata/php-fpm-8.2.bin" } } },
    }
    t:metric("pool", "www")
    t:metric("processes", 2)
    t:metric("active", 1)
    t:metric("queue", 0)
    t:metric("requests", 1)
    t:status("www: 1 of 2 processes active, 0 waiting")
  end,

  ["7.4 on TCP, with padding"] = function(t)
    local body = 'Content-Type: application/json\r\n\r\n{"pool":"app","process manager":"static","start since":3600,'
      .. '"accepted conn":77,"listen queue":4,"idle processes":0,"active processes":8,"total processes":8,"max children reached":2,"slow requests":1}'
    t:run {
      net = { ["tcp 127.0.0.1:9000"] = {
        { request, "\1\6\0\1\0" .. string.char(#body) .. "\3\0" .. body .. "\0\0\0" .. "\1\3\0\1\0\8\0\0\0\0\0\0\0\0\0\0" },
      } },
    }
    t:metric("limit_reached", 2)
    t:metric("slow_requests", 1)
    t:metric("uptime", 3600, nil, "seconds")
    t:status("app: 8 of 8 processes active, 4 waiting")
  end,

  ["no status path"] = function(t)
    local body = "Status: 404 Not Found\r\nContent-type: text/html\r\n\r\nFile not found."
    t:run { net = { ["tcp 127.0.0.1:9000"] = { { request, "\1\6\0\1\0" .. string.char(#body) .. "\0\0" .. body } } } }
    t:unavailable("no status of php-fpm: 404 Not Found")
  end,

  ["no pool"] = function(t)
    t:run { details = { socket = "/run/php.sock" }, net = { ["unix /run/php.sock"] = false } }
    t:unavailable()
  end,
}
