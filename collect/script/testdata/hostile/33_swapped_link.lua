-- want: ^(available held$|unavailable script.33_swapped_link uses file ".*/hidden", which it does not declare$)
-- details: {"path": "$DIR/open/swapped"}
return check {
  summary = "swapped link",
  details = { path = { kind = "path", doc = "path" } },
  needs = { files = { "${path}", "$DIR/open/shown" } },
  run = function(details, now, saved)
    -- The test swaps the link all the time: what is opened is what was decided on, or nothing.
    for i = 1, 300 do
      local ok, got = pcall(file.read, details.path)
      if ok and got and got:find("hidden", 1, true) then unavailable("out: " .. got) end
    end
    status("held")
  end,
}
