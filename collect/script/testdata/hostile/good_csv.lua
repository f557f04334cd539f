-- want: ^available success$
return check {
  summary = "csv",
  run = function(details, now, saved)
    local rows = csv.decode("a,b\n1,2\n3,4\n", { header = true })
    metric("rows", "int64", #rows)
  end,
}
