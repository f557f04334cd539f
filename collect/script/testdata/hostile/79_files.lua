-- want: ^(available held|unavailable 79_files.lua)
return check {
  summary = "files",
  needs = { files = { "/etc/passwd" } },
  run = function(details, now, saved)
    local all = {}
    for i = 1, 1000 do
      local f = file.lines("/etc/passwd")
      all[i] = f
      f()
    end
    status("held")
  end,
}
