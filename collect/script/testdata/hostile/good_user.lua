-- want: ^available user $UID$
return check {
  summary = "says whose rights scripts have",
  needs = { files = { "/proc/self/status" } },
  run = function()
    status("user " .. assert(file.read("/proc/self/status")):match("\nUid:%s+(%d+)"))
  end,
}
