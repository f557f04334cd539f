-- want: ^unavailable (script.39_metadata_as_number|held: )
return check {
  summary = "metadata as number",
  needs = { http = { "http://*/**" }, tcp = { "*:80" } },
  run = function(details, now, saved)
    local got, err = http.get("http://2852039166/latest/meta-data/")
    unavailable(got and "out" or "held: " .. err)
  end,
}
