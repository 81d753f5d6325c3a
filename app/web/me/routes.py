"""All pages of participants."""

from fastapi import APIRouter

from app.web.me import account, mailed, sending, submissions, teams

router = APIRouter()
for page in (sending, submissions, account, mailed, teams):
    router.include_router(page.router)
