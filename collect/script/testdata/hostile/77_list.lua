-- want: ^(available held|unavailable (held|check timed out|77_list.lua))
return check {
  summary = "list",
  needs = { files = { "/**" } },
  run = function(details, now, saved)
    local got, err = file.list("/**")
    status(got and #got <= 10000 and "held" or "held: " .. tostring(err))
  end,
}
