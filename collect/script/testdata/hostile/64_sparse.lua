-- want: ^available held$
return check {
  summary = "sparse",
  run = function(details, now, saved)
    local t = {}
    t[6e7] = 1
    t[2^40] = 1
    status("held")
  end,
}
