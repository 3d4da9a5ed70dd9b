-- Many people, many links: 997 codes from a file, in turn with 61 browsers as people have them.
local agents = {
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
  "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0 Mobile Safari/537.36",
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0 Safari/537.36",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.%d Safari/605.1.15",
  "Mozilla/5.0 (X11; Linux x86_64; rv:%d.0) Gecko/20100101 Firefox/%d.0",
}
local languages = { "de-DE,de;q=0.9,en;q=0.8", "en-GB,en;q=0.9", "fr-FR,fr;q=0.9", "es-ES,es;q=0.9" }
local requests, turn = {}, 0

function init(args)
  local codes = {}
  for code in io.lines(args[1]) do codes[#codes + 1] = code end
  for i = 1, 997 do
    local agent = agents[i % #agents + 1]:gsub("%%d", tostring(80 + i % 61))
    local headers = {
      ["User-Agent"] = agent, ["Accept-Language"] = languages[i % #languages + 1],
      ["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
      ["Accept-Encoding"] = "gzip, deflate, br", ["Referer"] = "https://www.linkedin.com/",
      ["Sec-Fetch-Mode"] = "navigate",
    }
    requests[i] = wrk.format("GET", "/r/" .. codes[i % #codes + 1], headers)
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end
