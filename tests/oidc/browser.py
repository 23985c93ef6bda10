#!/usr/bin/python3
"""What a browser does with the URL of a sign-in: follows it, cookies and all, until it is sent back.

usage: browser.py URL     prints the URL it was sent back to, whose server it does not ask
"""

import http.cookiejar
import sys
import urllib.error
import urllib.request


class Back(Exception):
    pass


class Redirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, request, file, code, message, headers, url):
        if url.startswith("http://127.0.0.1:1/back"):
            raise Back(url)
        return super().redirect_request(request, file, code, message, headers, url)


browser = urllib.request.build_opener(
    urllib.request.ProxyHandler({}), Redirects,
    urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
try:
    with browser.open(sys.argv[1], timeout=20) as page:
        sys.exit(f"it was not sent back: {page.url}: {page.read(500)}")
except Back as back:
    print(back)
except urllib.error.HTTPError as error:
    sys.exit(f"{error.code}: {error.read(500)}")
