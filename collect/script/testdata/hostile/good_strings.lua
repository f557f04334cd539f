-- want: ^available success$
return check {
  summary = "strings",
  run = function(details, now, saved)
    if ("abc"):upper() ~= "ABC" or json.decode('{"a":1}').a ~= 1 then unavailable("changed by another script") end
    metric("words", "int64", select(2, ("one two three"):gsub("%a+", "")))
  end,
}
