"""The forms and small pages of visitors: language and theme, search, robots."""


def test_robots_are_told_what_is_not_for_them(client):
    told = client.get("/robots.txt")
    assert told.headers["content-type"].startswith("text/plain")
    assert "Disallow: /submissions/" in told.text


def test_a_theme_is_kept_and_a_strange_one_is_none(client, world):
    client.post("/theme", data={"theme": "dark", "next": "/"})
    assert 'data-theme="dark"' in client.get("/").text
    client.post("/theme", data={"theme": '"><script>', "next": "/"})
    assert "data-theme" not in client.get("/").text
    client.cookies.set("theme", '"><script>')
    assert "data-theme" not in client.get("/").text


def test_the_home_page_is_searched(client, world):
    assert "Pairs" in client.get("/?search=PAIR&state=open").text
    for query in ("search=nothing", "state=closed", "state=joined"):
        assert "Nothing fits" in client.get(f"/?{query}").text
