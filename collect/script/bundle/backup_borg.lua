-- Backups by borg: how old the newest archive is, and how many there are. The user of scripts must be able to read the
-- repository; its passphrase is a detail, which the schedule can take from secrets ('secret:borg'). Borg writes down which
-- repositories it knows, so unless that user is root, base_dir must be a folder of its own, which
-- "install -d -o virgo -m 0700 /var/lib/virgo-borg" makes.
-- Source: borg list --json; its times have no zone and are those of the host.

return check {
  summary = "backups by borg: age and number of archives",
  details = {
    repository = { required = true, doc = "repository, as /srv/borg or ssh://backup@host/./borg" },
    passphrase = { role = "secret", doc = "passphrase of its key" },
    base_dir = { kind = "absolute-path", doc = "folder that borg may write to: .config/borg in it has its keys and what it knows of repositories" },
    prefix = { doc = "only archives whose names begin with this" },
    max_age = { kind = "seconds", default = 129600, role = "free", doc = "age above which the status says so" },
  },
  needs = { programs = { "borg" }, files = { "${base_dir}" } },
  metrics = { "age", "archives" },

  run = function(details, now)
    local arguments = { "--bypass-lock", "list", "--json" }
    if details.prefix then
      arguments[#arguments + 1] = "--glob-archives=" .. details.prefix .. "*"
    end
    arguments[#arguments + 1] = "::"
    local answer, why = program.run("borg", arguments, {
      timeout = 25,
      env = {
        BORG_BASE_DIR = details.base_dir, BORG_REPO = details.repository, BORG_PASSPHRASE = details.passphrase or "",
        BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK = "yes", BORG_RELOCATED_REPO_ACCESS_IS_OK = "no",
      },
    })
    if not answer then
      if not details.base_dir and why:find("Permission denied: '/.", 1, true) then why = why .. ": set base_dir to a folder that it may write to" end
      unavailable(why)
    end
    local page, wrong = json.decode(answer.out)
    if type(page) ~= "table" or type(page.archives) ~= "table" then unavailable("borg: " .. (wrong or "other JSON")) end

    local newest, name, n = nil, nil, 0
    for _, a in ipairs(page.archives) do
      local at = time.parse(tostring(a.start or a.time):sub(1, 19), "%Y-%m-%dT%H:%M:%S", "Local")
      n = n + 1
      if at and (not newest or at > newest) then newest, name = at, tostring(a.name or a.archive) end
    end
    metric("archives", "int64", n)
    if not newest then
      status("there is no archive")
      return
    end
    metric("age", "double", math.max(0, now - newest), "seconds")
    metric("newest", "string", name)
    local say = string.format("%s is %.1f hours old", name, (now - newest) / 3600)
    status(now - newest > details.max_age and "no new archive: " .. say or say .. ", " .. n .. " archives")
  end,
}
