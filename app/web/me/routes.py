"""All pages of participants."""

from fastapi import APIRouter

from app.web.me import sending, submissions

router = APIRouter()
router.include_router(sending.router)
router.include_router(submissions.router)
