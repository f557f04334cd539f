-- want: ^unavailable script.42_docker uses .*/run/docker.sock
return check {
  summary = "docker",
  needs = { unix = { "/run/other.sock" } },
  run = function(details, now, saved)
    local c, err = net.unix("/run/docker.sock")
    unavailable(c and "out" or "held: " .. err)
  end,
}
