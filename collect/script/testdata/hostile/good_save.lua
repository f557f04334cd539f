-- want: ^available success$
return check {
  summary = "save",
  run = function(details, now, saved)
    save { word = "private", runs = (saved and saved.runs or 0) + 1 }
    metric("runs", "int64", (saved and saved.runs or 0) + 1)
  end,
}
