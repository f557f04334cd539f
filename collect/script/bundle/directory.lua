-- The size of a folder with everything below it, and the age of what is in it: a queue that nothing empties, a backup
-- that nothing renews. Links are not followed.

return check {
  summary = "size of a folder, number and age of its files",
  details = {
    path = { kind = "absolute-path", required = true, doc = "folder" },
  },
  needs = { files = { "${path}", "${path}/**" } },
  metrics = { "bytes", "files", "newest_age" },

  run = function(details, now)
    local usage, err = file.usage(details.path)
    if not usage then unavailable(err) end
    metric("bytes", "uint64", usage.bytes, "bytes")
    metric("files", "uint64", usage.files)
    metric("folders", "uint64", usage.folders)
    if usage.newest then metric("newest_age", "double", math.max(0, now - usage.newest), "seconds") end
    if usage.oldest then metric("oldest_age", "double", math.max(0, now - usage.oldest), "seconds") end
    metric("skipped", "uint64", usage.skipped)
    local say = string.format("%d files, %.1f MiB", usage.files, usage.bytes / 1048576)
    if usage.skipped > 0 then say = say .. ", without " .. usage.skipped .. " folders that could not be read" end
    status(say)
  end,
}
