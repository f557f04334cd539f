-- Files that are open on the whole host, against the kernel's limit, and its cache of inodes.
-- Source: /proc/sys/fs/file-nr and inode-nr (https://docs.kernel.org/admin-guide/sysctl/fs.html).

-- The limit of a kernel that has none: 2^63 - 1.
local none = 9.2e18

return check {
  summary = "open files of the host, and the limit",
  details = {
    warn = { kind = "number", default = 80, role = "free", doc = "percent of the limit above which the status says so" },
  },
  needs = { files = { "/proc/sys/fs/file-nr", "/proc/sys/fs/inode-nr" } },
  systems = { "linux" },
  metrics = { "open", "percent" },

  run = function(details)
    local content, err = file.read("/proc/sys/fs/file-nr")
    if not content then unavailable(err) end
    local f = text.fields(content)
    local allocated, free, limit = tonumber(f[1]), tonumber(f[2]), tonumber(f[3])
    if not (allocated and free and limit) then unavailable("/proc/sys/fs/file-nr has other content than expected") end
    local open = allocated - free
    metric("open", "uint64", open)
    local say = string.format("%d open files", open)
    if limit < none then
      local percent = open / limit * 100
      metric("limit", "uint64", limit)
      metric("percent", "double", percent, "percent")
      say = string.format("%d of %d open files", open, limit)
      if percent >= details.warn then say = string.format("%s: %.0f percent", say, percent) end
    end
    local inodes = text.fields(file.read("/proc/sys/fs/inode-nr") or "")
    if tonumber(inodes[1]) and tonumber(inodes[2]) then
      metric("inodes", "uint64", tonumber(inodes[1]))
      metric("inodes_free", "uint64", tonumber(inodes[2]))
    end
    status(say)
  end,
}
